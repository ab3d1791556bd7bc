"""The tapes as a program: a plan of named lines, then NumPy text."""
