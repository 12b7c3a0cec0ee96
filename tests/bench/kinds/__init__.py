"""The kinds of benchmark: python3 -m kinds.NAME."""
