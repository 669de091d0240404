"""How fast Perdure is, measured beside DBOS and beside plain sqlite3: `python -m tests.benchmarks`."""
