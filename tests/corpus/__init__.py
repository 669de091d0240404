"""Small nasty workflows, by theme: each holds one way in which a compiler could change what Python means.

A module here defines `CASES = [(workflow, args), ...]`; the first line of a workflow's docstring says what
would go wrong. Activities (`acts.py`) are functions of their arguments and return fresh objects, so that
running plainly, compiled, and compiled with a checkpoint at every suspension can be compared. Nothing here
may depend on the identity of ints and strings, on hashing order, or on state left from another run.
"""
