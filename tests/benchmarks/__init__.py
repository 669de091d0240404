"""How fast Perdure is, beside DBOS and plain sqlite3: `python -m tests.benchmarks`."""
