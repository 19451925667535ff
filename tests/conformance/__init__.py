"""Other projects' tests, run against this package and against the original."""
