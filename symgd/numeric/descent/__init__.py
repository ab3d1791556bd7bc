"""The descent: how large a rate may be, the walk, and what it leaves behind."""
