"""The rules: every code the audit can print, what it means, why it matters, what to write instead.

A code is for ever: a rule that goes leaves its number empty. PD1xx is the compiler's, PD2xx is the
audit's. `docs/audit.md` has the same table; a test holds the two together.

What "may run again" means here. Perdure keeps a run's state, not its history, so a clock read in a
workflow does not break recovery. But the code between two checkpoints is a block, and a block whose
worker dies before the checkpoint is written runs again, from its start, maybe elsewhere. What such
code reads may differ the second time, what it does may be done twice, and neither is recorded,
retried or timed out. An activity has all of that; so what touches the world belongs in one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "note"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing the audit knows.

    `classes` are the letters that docs/audit.md explains; `does` ends a finding's message.
    """

    code: str
    name: str
    classes: str
    does: str
    why: str
    instead: str
    level: Level = "error"
    default: bool = True  # False: reported only when it is selected

    @property
    def summary(self) -> str:
        """The rule in a few words, for tables."""
        return self.does

    @property
    def anchor(self) -> str:
        """Where the rule is described, in the project's documentation."""
        return f"docs/audit.md#{self.code.lower()}"


_TWICE = (
    "the block may run again after a crash and would do this twice; "
    "nothing records that it was done"
)
_ACTIVITY = "move it into an @activity: its result is recorded, and it is retried and timed out"
_OTHER = (
    "the block may run again after a crash and would see another value; "
    "what ran before the crash has not been recorded"
)

_TABLE = [
    Rule(
        "PD100", "syntax-error", "", "is not Python that this interpreter can read",
        "a file that cannot be parsed cannot be audited",
        "correct the file, or run the audit with the Python version it is written for",
    ),
    Rule(
        "PD201", "wall-clock", "R", "reads the wall clock",
        "the block may run again after a crash and would see another time; "
        "what ran before the crash has not been recorded",
        "call perdure.now(), whose answer is kept with the run, or read the clock in an @activity",
    ),
    Rule(
        "PD202", "monotonic-clock", "R", "reads a monotonic or CPU clock",
        "such a clock means nothing in another process: a run that goes on elsewhere compares "
        "times of two machines",
        "measure inside the @activity; for durations of a run, subtract two perdure.now()",
    ),
    Rule(
        "PD203", "local-zone", "R", "depends on the machine's time zone",
        "a run may go on at a worker in another zone, and the same instant gets another local time",
        "name the zone: datetime.fromtimestamp(x, tz), x.astimezone(tz)",
    ),
    Rule(
        "PD204", "random", "R", "draws a random number",
        _OTHER, "draw from perdure.random: perdure.random.choice(xs); or seed: random.Random(key)",
    ),
    Rule(
        "PD205", "os-entropy", "R", "takes entropy from the operating system",
        _OTHER, "make the secret in an @activity and keep its result",
    ),
    Rule(
        "PD206", "library-random", "R", "draws from a library's random generator",
        _OTHER, "seed the generator with something from the workflow's input, or use an @activity",
    ),
    Rule(
        "PD207", "uuid", "R", "makes an identifier that differs at every call",
        "the block may run again after a crash and would make another identifier; "
        "what was done under the first one is then orphaned",
        "call perdure.uuid4(), or derive it: uuid.uuid5(namespace, order.id)",
    ),
    Rule(
        "PD208", "environment", "R", "reads or changes the process environment",
        "a run may go on at a worker that was started with another environment",
        "pass the setting to the workflow as an argument, or read it in an @activity",
    ),
    Rule(
        "PD209", "host-identity", "R", "asks which process, thread or machine this is",
        "a run moves between processes and machines; the answer is only true until it does",
        "ask in the @activity that needs to know",
    ),
    Rule(
        "PD210", "files", "E R", "touches the file system",
        "files are not part of the run: another worker may not have them, and a block that runs "
        "again after a crash writes twice or reads something else",
        _ACTIVITY,
    ),
    Rule(
        "PD211", "directory-order", "O", "lists a folder, in an order nothing promises",
        "the listing belongs to one machine and its order to one moment; "
        "a block that runs again after a crash may see another",
        "list (and sort) in an @activity",
    ),
    Rule("PD212", "network", "E", "talks to the network", _TWICE, _ACTIVITY),
    Rule("PD213", "cloud-client", "E", "calls a remote service", _TWICE, _ACTIVITY),
    Rule("PD214", "database", "E", "talks to a database", _TWICE, _ACTIVITY),
    Rule("PD215", "subprocess", "E", "starts a process", _TWICE, _ACTIVITY),
    Rule(
        "PD216", "threads", "O E", "uses threads or processes of its own",
        "threads are not part of the run's state: after a crash they are gone, "
        "and what they did in between has no order and no record",
        "have the threads inside an @activity",
    ),
    Rule(
        "PD217", "event-loop", "O", "drives an event loop of its own",
        "what runs on that loop is not part of the run: it is neither checkpointed nor resumed",
        "do it inside an @activity",
    ),
    Rule(
        "PD218", "blocking-sleep", "E", "blocks the worker",
        "the wait is lost when the process dies, and holds a worker's thread until then",
        "call perdure.sleep(seconds): the timer is kept in the store and the run costs no memory",
    ),
    Rule(
        "PD219", "asyncio-sleep", "E", "waits on a timer of this process",
        "the timer is not in the store: after a crash it starts from its beginning",
        "call perdure.sleep(seconds)",
    ),
    Rule(
        "PD220", "input", "E", "reads from a terminal",
        "a worker has no terminal, and after a crash the answer would be asked for again",
        "pass the answer to the workflow as an argument, or ask in an @activity",
    ),
    Rule(
        "PD221", "process-control", "E", "ends or signals the process",
        "the process serves other runs too, and this one would go on from its last checkpoint",
        "return or raise to end the run; signal processes in an @activity",
    ),
    Rule(
        "PD222", "global-written", "E R", "changes state that all runs in this process share",
        "a module's variables are not in the checkpoint: the change is lost when the run goes on "
        "elsewhere, and done twice when the block runs again",
        "keep it in a local variable, return it, or store it through an @activity",
    ),
    Rule(
        "PD223", "global-read", "R", "depends on what this process did before",
        "a module's variables are not in the checkpoint: each process has its own value",
        "pass the value to the workflow as an argument, or read it in an @activity",
    ),
    Rule(
        "PD224", "set-order", "O", "depends on the order of a set",
        "strings hash differently in every process: a run that goes on elsewhere "
        "meets the elements in another order",
        "go over sorted(the_set), or keep a list or dict (both keep their order)",
    ),
    Rule(
        "PD225", "hash", "R", "differs between processes",
        "strings are hashed with a salt that each process draws anew, objects by their address",
        "use hashlib, zlib.crc32, or a key of your own",
    ),
    Rule(
        "PD226", "id", "R O", "lets an object's address out",
        "an address changes when the run goes on in another process",
        "use a key of your own; for identity within a block, compare with `is`",
    ),
    Rule(
        "PD227", "mutable-default", "R", "changes a default argument, which every call shares",
        "the default is made once per process and is not in the checkpoint, "
        "so runs in one process see each other's changes",
        "default to None and make the container in the body",
    ),
    Rule(
        "PD228", "default-factory", "R", "fills a field from a source that differs at every call",
        "making the object calls the factory; a block that runs again after a crash makes another",
        "give the field in the call, from perdure.now() or perdure.uuid4(), or use an @activity",
    ),
    Rule(
        "PD230", "import-time", "R", "is evaluated at import, and a workflow reads what came of it",
        "every worker imports the module for itself and gets a value of its own",
        "read it in an @activity, or pass it to the workflow as an argument",
        level="note",
    ),
    Rule(
        "PD240", "output", "E", "prints or logs",
        "the line may come twice when a block runs again after a crash; most people do not mind",
        "leave it, or log in the @activity",
        level="note", default=False,
    ),
    Rule(
        "PD290", "unknown-call", "?", "could not be resolved, so it was not looked into",
        "the audit reads source and types; this callee is known only when the program runs",
        "annotate the receiver, or call the function by its name",
        level="note", default=False,
    ),
    Rule(
        "PD291", "dynamic-code", "?", "runs code that is not there to be read",
        "the audit cannot know what the text says",
        "call a function by its name, or move it into an @activity",
        level="note", default=False,
    ),
    Rule(
        "PD298", "allow-without-reason", "", "allows a finding without saying why",
        "whoever reads it next cannot tell a decision from a shrug",
        "write the reason after the bracket: # perdure: allow[PD201] only used in a log line",
    ),
    Rule(
        "PD299", "allow-unused", "", "allows a finding that is not there",
        "a comment that allows nothing hides what comes later",
        "remove the comment",
        level="note",
    ),
]  # fmt: skip

RULES: dict[str, Rule] = {rule.code: rule for rule in _TABLE}

# Rules that say "this call was not understood"; listed with strict.
UNKNOWN = frozenset({"PD290", "PD291"})

# Sources of values that differ at every call: handing the function itself to somebody is as good
# as calling it.
VALUES = frozenset({"PD201", "PD202", "PD204", "PD205", "PD206", "PD207"})

# What an import should not do, when a workflow then reads the result (hazard 23).
AT_IMPORT = frozenset(
    {*VALUES, "PD208", "PD209", "PD212", "PD213", "PD214", "PD215"},
)


def explain(code: str) -> str:
    """Everything about a rule, as text. Takes a code or a name; KeyError when there is none."""
    rule = RULES.get(code.upper()) or next((r for r in _TABLE if r.name == code.lower()), None)
    if rule is None:
        raise KeyError(f"there is no rule {code}; the rules are {', '.join(RULES)}")
    kind = "a note, " if rule.level == "note" else ""
    off = "off unless selected" if not rule.default else "on"
    return (
        f"{rule.code} {rule.name} ({kind}{off})\n\n"
        f"    Something that {rule.does}.\n\n"
        f"why:     {rule.why}\n"
        f"instead: {rule.instead}\n"
        f"see:     {rule.anchor}"
    )


def chosen(
    select: list[str] | None = None, ignore: list[str] | None = None, *, strict: bool = False
) -> frozenset[str]:
    """The codes to report. `select` replaces the default set; both take codes, prefixes, names.

    A rule that is off by default is turned on by its own code or name, or by `ALL`, not by a
    prefix. Raises ValueError for a word that fits no rule.
    """
    if select is None:
        codes = {rule.code for rule in _TABLE if rule.default}
    else:
        named = {code for word in select for code in _matching(word)}
        exact = {word.upper() for word in select} | {word.lower() for word in select}
        every = "ALL" in exact
        codes = {
            code
            for code in named
            if every or RULES[code].default or exact & {code, RULES[code].name}
        }
    codes |= UNKNOWN if strict else frozenset()
    return frozenset(codes - {code for word in ignore or () for code in _matching(word)})


def _matching(word: str) -> set[str]:
    if word.upper() == "ALL":
        return set(RULES)
    found = {r.code for r in _TABLE if r.code.startswith(word.upper()) or r.name == word.lower()}
    if not found or not word:
        raise ValueError(f"{word!r} fits no rule: write a code, a prefix such as PD2, or a name")
    return found
