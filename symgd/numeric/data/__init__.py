"""Numbers in: a table, its columns, what is fitted to what, and the shapes of parameters."""
