"""Small nasty workflows, by theme: each holds one way in which a compiler could change what Python means.

A module here defines `cases()`, which gives a list of `(workflow, args)`; the first line of a workflow's
docstring says what would go wrong. A list of the module, in place of the function, would be a table out of
which any workflow's unknown calls may take a function: each would be compiled with all the others. For the same
reason a class whose special methods suspend stands in a module with those that need it.

Activities (`acts.py`) are functions of their arguments and return fresh objects, so that running plainly,
compiled, and compiled with a checkpoint at every suspension can be compared. Nothing here may depend on the
identity of ints and strings, on hashing order, or on state left from another run.
"""
