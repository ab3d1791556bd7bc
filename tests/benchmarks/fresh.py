"""P7: a fresh process, from its start to θ after 1,000 iterations on a million rows read from a file, against `import numpy`.

The process runs one generated text that imports NumPy alone: the sums over the data, and the bound function of the problem.
"""

from __future__ import annotations

import inspect
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.numeric.bound import moments
from symgd.numeric.function import compile_gradient
from tests.benchmarks.cold import once, written_to
from tests.benchmarks.hoisting import RATE, STEPS, by_hand, fresh
from tests.benchmarks.peers import peer
from tests.benchmarks.table import Row

ROUNDS = 9
OPEN = "import numpy as np\nx, y = np.load({data!r})\n"
ENDS = f"""
walk = bound(take_moments(columns, (x, y)))[2]
print(*walk(0.0, 0.0, {RATE}, {STEPS}, False, False, 0.0, None, None)[3])
"""
HAND = f"""
mx, my = float(x.mean()), float(y.mean())
xc, yc = x - mx, y - my
sxx, sxy = float(xc @ xc) / len(x), float(xc @ yc) / len(x)
w = b = 0.0
for _ in range({STEPS}):
    r = w * mx + b - my
    w, b = w - {RATE} * 2 * (w * sxx - sxy + mx * r), b - {RATE} * 2 * r
print(w, b)
"""
JAX = f"""
import jax
jax.config.update("jax_enable_x64", True)
def loss(t, x, y):
    u = t[0] * x + t[1] - y
    return (u * u).mean()
def step(t, _):
    return t - {RATE} * jax.grad(loss)(t, x, y), None
print(*jax.lax.scan(step, jax.numpy.zeros(2), None, length={STEPS})[0])
"""


def texts(data: str) -> dict[str, str]:
    """What each process runs."""
    f = compile_gradient(derive(problem("line-mse")))
    own = inspect.getsource(moments) + "\n\n" + f.bound_source
    found = {"import": "import numpy", "ours": own + OPEN.format(data=data) + ENDS, "hand": OPEN.format(data=data) + HAND}
    if peer("jax") is not None:
        found["JAX"] = OPEN.format(data=data) + JAX
    return found


def rows(*, tiny: bool = False) -> Iterator[Row]:
    """CPU time of the process / of one that imports NumPy and ends."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data.npy")
        x, y = fresh(1, 1000 if tiny else 10**6)
        np.save(data, [x, y])
        files = {}
        for name, text in texts(str(data)).items():
            files[name] = Path(folder, f"run_{name}.py")
            files[name].write_text(text, encoding="utf-8")
        environment = written_to("" if tiny else folder)
        for name in set(files) - {"import"}:
            said = subprocess.run([sys.executable, str(files[name])], capture_output=True, text=True, check=True, env=environment).stdout
            np.testing.assert_allclose([float(v) for v in said.split()], by_hand(x, y), rtol=1e-9, err_msg=name)
        starts = {name: ["-c", f"import run_{name}"] for name in files}  # imported: its byte code was written before
        environment["PYTHONPATH"] = folder
        times: dict[str, list[float]] = {name: [] for name in files}
        shuffle = random.Random(3)
        for k in range(2 if tiny else ROUNDS + 1):
            for name in shuffle.sample(sorted(files), len(files)):
                took = once(starts[name], environment)
                if k:
                    times[name].append(took)
    cpu = {name: statistics.median(t) for name, t in times.items()}
    others = {name: t / cpu["import"] for name, t in cpu.items() if name not in ("ours", "import")}
    what = f"a fresh process to θ, n = {len(x):,} from a file, {STEPS:,} iterations; NumPy takes {cpu['import'] * 1e3:.0f} ms"
    yield Row(what, cpu["ours"] / cpu["import"], "× import numpy", 1.3, beside=others, short=True)
