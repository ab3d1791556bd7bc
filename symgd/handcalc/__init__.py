"""Somebody's working, as text → a verdict line by line."""
