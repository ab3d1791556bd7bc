"""What a page is (`page`), and how each format writes it (`to_*`, all in the table of `formats`)."""
