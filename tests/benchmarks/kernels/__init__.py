"""Six well-known kernels of plain Python, each inside workflows of three shapes.

| workflow | the kernel is |
|---|---|
| `called` | functions and classes that the workflow calls between two activities |
| `inlined` | a loop in the workflow's own body, with no suspension in it |
| `rare` | the same loop, with an activity once in many turns |

Each takes the amount of work (`WORK` is about half a second) and returns a checksum. They are
modelled on the programs of pyperformance that have these names, and written anew.
"""

NAMES = ("nbody", "spectral_norm", "richards", "deltablue", "json_walk", "regex_scan")
SHAPES = ("called", "inlined", "rare")
