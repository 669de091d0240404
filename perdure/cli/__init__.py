"""People to the compiler, the runtime and the store: the command line.

In the order in which a command's data flows: `main` (the list of commands), `options` and
`arguments` (what was typed), `boundary` (errors to answers and exit codes), the commands
(`compiling`, `auditing`, `drawing`, `working`, `looking`), `stores`, `standing` (where a run
stands, read from its checkpoint), and `output` (text or JSON).

What is slow to import (the compiler, the runtime, Rich) is imported by the functions that need it.
"""
