"""The same derivation for other machines: one file a target, one row of `table.TARGETS`."""
