"""`python -m perdure.cli`: the command line without its script."""

from perdure.cli.main import main

main()
