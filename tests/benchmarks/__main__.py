"""`python -m tests.benchmarks [P1 P3 …]`: a table of ratios and times beside their targets.  Exit status 1 where a target is missed.

P1 one pass over the data · P3 1,000 iterations · P8 the same over many columns · P9 a network · P10 log-loss and Huber · P11 a fresh process ·
P12 deriving and proving, warm · depth: networks of 1 to 50 layers · combinations: every model with every loss and penalty that fits ·
equal: is a = b? · random: compositions ·
check: hand calculations in their process · folder: 1,000 submissions.
Contestants run interleaved and shuffled, pinned to one core; CPU time, the median of at least 7 rounds, fresh arrays each round; that they agree
is asserted before they are timed.
"""

from __future__ import annotations

import os
import sys

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")  # before NumPy is imported


def main(wanted: list[str]) -> int:
    """Runs the benchmarks named (all, where none is) and prints a row for each workload."""
    from tests.benchmarks import cold, depth, equality, folder, gram, hoisting, layers, one_pass, warm

    tables = {
        "P1": one_pass.rows, "P3": hoisting.rows, "P8": gram.rows, "P9": layers.network_rows, "P10": layers.loss_rows, "P11": cold.rows, "P12": warm.rows,
        "depth": depth.rows, "combinations": depth.of_combinations, "equal": equality.rows, "random": warm.of_compositions,
        "check": warm.of_workings, "folder": folder.rows,
    }  # fmt: skip
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    missed = 0
    for name in wanted or tables:
        for what, ratio, target in tables[name]():
            verdict = "" if target is None else "ok" if ratio <= target else "MISSED"
            missed += verdict == "MISSED"
            print(f"{name:6} {what:64} {ratio:8.2f} {'' if target is None else f'≤ {target:g}':>8} {verdict}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
