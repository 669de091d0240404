"""The compiler by itself: what each pass makes of a program, what it refuses, how it draws it.

Belongs here: goldens of the dumps and of the diagnostics, facts of single passes on hand-written
programs, the size of what is generated, the graph. Whether compiled code means what the source
means is tested in tests/semantics.

`pytest tests/compiler --update-goldens` writes the goldens anew; read the difference before you
keep it.
"""
