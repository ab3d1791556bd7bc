"""`python -m tests.benchmarks [P1 P3 …] [--markdown FILE] [--readme]`: a table of ratios and times beside their targets.  Exit status 1 where one is missed.

P1 one pass over the data · P2 the same, compiled · P3 1,000 iterations · P4 the same, compiled · P5 the same, all of them kept · P6 a hundred rows ·
P7 a fresh process to θ · P8 many columns · P9 a network · P10 log-loss and Huber · P11 a fresh `symgd derive` · P12 deriving and proving, warm ·
P14 exact least squares.  These run where none is named; by name also
depth: networks of 1 to 50 layers · combinations: every model with every loss and penalty that fits · equal: is a = b? · random: compositions ·
check: hand calculations in their process · folder: 1,000 submissions.
Contestants run interleaved and shuffled in one process, pinned to one core; CPU time, the median of at least 7 rounds, fresh arrays each round;
that they agree is asserted before they are timed, and what is compiled is compiled before.  Whoever is not installed is left out:
`uv run --extra bench python -m tests.benchmarks` brings most of them, torch is measured where it is there.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # before NumPy is imported

COMMAND = "uv run --extra bench python -m tests.benchmarks"


def main(words: list[str]) -> int:
    """Runs the benchmarks named and prints a row for each workload."""
    from tests.benchmarks import cold, compiled, depth, equality, folder, fresh, gram, hoisting, layers, least, one_pass, small, stream, warm
    from tests.benchmarks.table import in_readme, markdown, row_of, told

    tables = {
        "P1": one_pass.rows, "P2": compiled.rows, "P3": hoisting.rows, "P4": compiled.iterations, "P5": hoisting.kept_rows, "P6": small.rows,
        "P7": fresh.rows, "P8": gram.rows, "P9": layers.network_rows, "P10": layers.loss_rows, "P11": cold.rows, "P12": warm.rows, "P13": stream.rows,
        "P14": least.rows,
    }  # fmt: skip
    named = {
        "depth": depth.rows, "combinations": depth.of_combinations, "equal": equality.rows, "random": warm.of_compositions,
        "check": warm.of_workings, "folder": folder.rows,
    }  # fmt: skip
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", choices=[[], *tables, *named], metavar="NAME", help=" ".join([*tables, *named]))
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the table, with its date and its machine")
    parser.add_argument("--readme", action="store_true", help="write its short rows into README.md, between their marks")
    asked = parser.parse_args(words)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows = []
    for name in asked.names or tables:
        for row in map(row_of, (tables | named)[name]()):
            rows.append((name, row))
            print(told(name, row), flush=True)
    command = " ".join([COMMAND, *asked.names])
    if asked.markdown:
        asked.markdown.write_text(markdown(rows, load, command), encoding="utf-8")
    if asked.readme:
        in_readme(Path(__file__).parents[2] / "README.md", rows, load)
    return 1 if any(row.missed for _, row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
