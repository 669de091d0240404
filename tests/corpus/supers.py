"""`super()` without arguments, where it does not find what it needs."""

from perdure import workflow
from tests.corpus.acts import echo


class Outer:
    def functions(self):
        def nobodys():
            echo()
            super()

        def deleted(own):
            del own
            echo()
            super()

        return [nobodys, lambda: deleted(self)]

    def of_nobody():
        return [echo(1), super()]

    def many(*all_of_them):
        return [echo(2), super()]

    def again(self):
        del self
        self = Inner()
        echo(3)
        return super().__self__ is self


class Inner(Outer):
    def taken_away(self):
        def take():
            nonlocal self
            del self

        take()
        return [echo(5), super().again()]

    def again(self):
        return [echo(6), super().again()]


@workflow
def what_is_missing():
    """The error says whether that is the object, the class or all of it."""

    class Local:
        def without_class(self):
            nonlocal __class__
            del __class__
            return [echo(4), super()]

    inner, found = Inner(), []
    calls = [*Outer().functions(), Outer.of_nobody, inner.many, inner.again]
    for call in [*calls, Local().without_class, inner.taken_away, inner.again]:
        try:
            found.append(call())
        except (RuntimeError, NameError) as error:
            found.append((str(error), error.__context__))
        echo()
    return found


def cases():
    return [
        ("what_is_missing", ()),
    ]
