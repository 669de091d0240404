"""Random workflows: every program is valid, ends, is deterministic, and shows what it did.

Belongs here: the generator of program texts, and what is needed to load one and to shrink one.
Does not belong here: anything that knows how Perdure compiles.

    chooser     where choices come from: Hypothesis, a seed, or a recorded list
    prelude     the fixed text each module begins with: activities, helpers, classes
    expressions choices -> the text of an expression that is usually of a wanted kind
    iteration   ... generator expressions, and builtins that are given functions
    statements  choices -> the text of statements
    functions   ... functions in functions, methods, decorators
    generators  ... bodies that yield, and what is done with them
    coroutines  ... tasks, timeouts, locks, asynchronous generators
    modules     choices -> the text of a module: all of it
    loading     the text of a module -> an imported module
    shrink      a failing list of choices -> a smaller one, without Hypothesis

`python -m tests.programs --help` fuzzes without Hypothesis. Each construct has a name
(`CONSTRUCTS`), so that what the compiler cannot do yet can be switched off.
"""

from tests.programs.modules import CONSTRUCTS, Program, generate, programs

__all__ = ["CONSTRUCTS", "Program", "generate", "programs"]
