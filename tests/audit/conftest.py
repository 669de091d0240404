# What is audited is never imported, not even when it is called test_*.py.
collect_ignore = ["projects"]
