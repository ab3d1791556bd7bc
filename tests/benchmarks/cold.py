"""P11: a fresh process, its byte code written before, in CPU seconds against `import sympy`; and how soon the words alone answer."""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

COMMANDS = {
    "sympy": ["-c", "import sympy"],
    "derive": ["-m", "symgd", "derive", "line-mse"],
    "check": ["-m", "symgd", "check", "-"],
    "import": ["-c", "import symgd"],
    "help": ["-m", "symgd", "--help"],
    "version": ["-m", "symgd", "--version"],
    "usage": ["-m", "symgd", "derive", "--frobnicate"],
}
ROUNDS = 9
WORKING = "y_hat = w*x + b\nL = (y_hat - y)^2\ndL/dw = 2 (y_hat - y) x\ndL/db = 2 (y_hat - y) x\n"


def once(words: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """(CPU seconds, seconds on the wall) of one process"""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *words], input=WORKING.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def rows() -> Iterator[tuple[str, float, float | None]]:
    """(what, ratio or milliseconds, target)"""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    shuffle = random.Random(11)
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPYCACHEPREFIX": folder}
        for words in COMMANDS.values():
            once(words, environment)
        for _ in range(ROUNDS):
            for name in shuffle.sample(list(COMMANDS), len(COMMANDS)):
                times[name].append(once(COMMANDS[name], environment))
    cpu = {name: statistics.median(c for c, _ in found) for name, found in times.items()}
    wall = {name: statistics.median(w for _, w in found) for name, found in times.items()}
    yield f"symgd derive line-mse / import sympy ({cpu['sympy'] * 1000:.0f} ms)", cpu["derive"] / cpu["sympy"], 1.25
    yield f"symgd check -, a working of four lines, / import sympy: {wall['check'] * 1000:.0f} ms", cpu["check"] / cpu["sympy"], None
    yield "import symgd, ms", wall["import"] * 1000, None
    for name in ("help", "version", "usage"):
        yield f"{'a usage error' if name == 'usage' else f'symgd --{name}'}, ms", wall[name] * 1000, 100
