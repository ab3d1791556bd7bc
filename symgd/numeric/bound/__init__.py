"""A loss bound to its data: what is reduced over the data alone is reduced once."""
