"""Data bigger than memory: rows that are read part by part, and what is reduced over them, in any order, by any number of workers, to the same digits.

    source = look("big.parquet")                      # footers and headers only: files, names, types, rows, parts
    found = moments(source, ("x",), "y")              # one pass: what every line through these rows needs
    found = moments(source, ("x",), "y", run=…)       # the same by other workers

A *part* is a run of rows (`source.parts`), an *ask* what is to be found out about them (`asks`); both are plain data.  `part_sums(part, ask)` reads the
part and answers with *sums*, each an exact sum as a few floats whose sum it is; it is a plain function of a module, so it can be sent to any process
that sees the files.  `merged(sums)` adds answers without rounding.  So nothing depends on who answered what, when: a part that was lost is asked again.

A *run* is whoever has all parts answered: `run(parts, ask)` yields the sums of each part once, in any order.  `in_threads` is one; a cluster is another:

    def run(parts, ask):
        futures = client.map(part_sums, parts, ask=ask)
        yield from (f.result() for f in as_completed(futures))

Parts begin at multiples of ALIGN rows of the whole table, wherever its row groups end (a part reads what it needs of the next group), so that any
splitting of a Parquet table into row groups and files gives the same digits.  The parts of a CSV file are runs of bytes; they depend on the file alone.
"""
