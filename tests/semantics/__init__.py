"""Same meaning: a compiled workflow against the plain function, with and without restarts.

Belongs here: tests that compare `native` with `drive` (perdure/testing.py), on the corpus and on
generated programs, and what it means for two outcomes to be the same (`sameness`).
"""
