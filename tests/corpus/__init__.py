"""Small nasty workflows, by theme: each holds one way in which a compiler could change what Python means.

A module here defines `cases()`, which gives a list of `(name of a workflow, args)`; the first line of a
workflow's docstring says what would go wrong. Names, because a function that is used as a value may be what any
unknown call comes to: each workflow would be compiled with all the others, and as if any call might suspend. For
the same reason a class whose special methods suspend stands in a module with those that need it.

Activities (`acts.py`) are functions of their arguments and return fresh objects, so that running plainly,
compiled, and compiled with a checkpoint at every suspension can be compared. Nothing here may depend on the
identity of ints and strings, on hashing order, or on state left from another run.
"""
