"""P13: the moments of a Parquet file that is bigger than memory may be, on all cores: rows a second, and the peak of memory for five times the rows.

Each contestant is a process of its own, so that its peak is its own; its clock starts after its imports.  The file is made in a temporary folder
and removed with it.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from symgd.numeric.bound.moments import take_moments
from tests.benchmarks.table import Row

LARGE, SMALL, GROUP = 10**8, 2 * 10**7, 10**6  # rows
ROUNDS = 3
ROOM = 20  # bytes of disk a row
HEAD = """
import json, os, resource, sys, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, range(os.cpu_count()))
path = sys.argv[1]
"""
TAIL = """
seconds = time.perf_counter() - begun
try:
    with open("/proc/self/status") as status:  # of this program: on Linux ru_maxrss still counts the process that started it
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "peak": peak, "found": [float(v) for v in found]}))
"""
BODY = {
    "ours": """
from symgd.numeric.streamed.source import look
from symgd.numeric.streamed.passes import moments
begun = time.perf_counter()
m = moments(look(path), ["x"], "y")
found = [m.n, m.means[0], m.S[0][0], -m.anchor[0], m.R]
""",
    "pyarrow": """
import pyarrow.compute as pc, pyarrow.dataset as ds
begun = time.perf_counter()
sums = [0.0] * 6
for batch in ds.dataset(path).to_batches(columns=["x", "y"]):
    x, y = batch.column(0), batch.column(1)
    each = (len(batch), *(pc.sum(v).as_py() or 0.0 for v in (x, y, pc.multiply(x, x), pc.multiply(x, y), pc.multiply(y, y))))
    sums = [a + b for a, b in zip(sums, each)]
n, X, Y, XX, XY, YY = sums
slope = (XY - X * Y / n) / (XX - X * X / n)
found = [n, X / n, XX - X * X / n, slope, YY - Y * Y / n - slope * (XY - X * Y / n)]
""",
    "polars": """
import polars as pl
begun = time.perf_counter()
x, y = pl.col("x"), pl.col("y")
n, X, Y, XX, XY, YY = pl.scan_parquet(path).select(
    pl.len().cast(pl.Float64), x.sum(), y.sum(), (x * x).sum().alias("xx"), (x * y).sum().alias("xy"), (y * y).sum().alias("yy")
).collect(engine="streaming").row(0)
slope = (XY - X * Y / n) / (XX - X * X / n)
found = [n, X / n, XX - X * X / n, slope, YY - Y * Y / n - slope * (XY - X * Y / n)]
""",
}


def make(path: Path, rows: int) -> None:
    """x normal about 50, y = 2 x + noise, written a row group at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = np.random.default_rng(13)
    with pq.ParquetWriter(path, pa.schema([("x", pa.float64()), ("y", pa.float64())])) as writer:
        for at in range(0, rows, GROUP):
            x = draw.normal(50.0, 10.0, min(GROUP, rows - at))
            writer.write_table(pa.table({"x": x, "y": 2 * x + draw.normal(0.0, 1.0, len(x))}))


def once(name: str, path: Path) -> dict[str, float | list[float]]:
    """Seconds, peak (in the system's unit) and what was found, by one process."""
    words = [sys.executable, "-c", HEAD + BODY[name] + TAIL, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
    found: dict[str, float | list[float]] = json.loads(done.stdout)
    return found


def see_agreement(path: Path, names: list[str]) -> None:
    """On a small file ours are the moments of the arrays, to the last digit but of the mean; everybody else's agree."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    m = take_moments(lambda *c: c, [table["y"].to_numpy(), table["x"].to_numpy()])
    true = [m.n, m.means[0], m.S[0][0], -m.anchor[0], m.R]
    for name in names:
        np.testing.assert_allclose(once(name, path)["found"], true, rtol=1e-15 if name == "ours" else 1e-8, err_msg=f"{name} differs from take_moments")


def rows(*, tiny: bool = False) -> Iterator[Row]:
    """Rows a second by the clock, all cores; then the peaks."""
    what = f"moments of a Parquet file of {LARGE:,} rows, {os.cpu_count()} cores"
    if find_spec("pyarrow") is None:
        yield Row(what, None, "M rows/s", 20, True, absent="pyarrow is not installed")
        return
    names = [n for n in BODY if n == "ours" or find_spec(n) is not None]
    large, small = (10**5, 2 * 10**4) if tiny else (LARGE, SMALL)
    with tempfile.TemporaryDirectory() as folder:
        if shutil.disk_usage(folder).free < ROOM * (large + small):
            yield Row(what, None, "M rows/s", 20, True, absent="there is no room on the disk")
            return
        many, few = Path(folder, "many.parquet"), Path(folder, "few.parquet")
        make(few, min(small, 2 * GROUP))
        see_agreement(few, names)
        make(few, small)
        make(many, large)
        took: dict[str, list[float]] = {n: [] for n in names}
        peaks: dict[Path, list[float]] = {few: [], many: []}
        shuffle = random.Random(13)
        for _ in range(1 if tiny else ROUNDS):
            for name in shuffle.sample(names, len(names)):
                found = once(name, many)
                took[name].append(float(found["seconds"]))  # type: ignore[arg-type]
                if name == "ours":
                    peaks[many].append(float(found["peak"]))  # type: ignore[arg-type]
            peaks[few].append(float(once("ours", few)["peak"]))  # type: ignore[arg-type]
        speed = {n: large / statistics.median(t) / 1e6 for n, t in took.items()}
        yield Row(what, speed.pop("ours"), "M rows/s", 20, True, speed, True)
        ratio = statistics.median(peaks[many]) / statistics.median(peaks[few])
        yield Row(f"the peak of memory for {large:,} rows, {statistics.median(peaks[many]) / 1024:,.0f} MB, against that for {small:,}", ratio, "×", 1.1)
