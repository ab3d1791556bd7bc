"""P11: a fresh process, its byte code written before, in CPU seconds against `import sympy`; from the cache; and how soon the words alone answer."""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from tests.benchmarks.table import Row

COMMANDS = {
    "sympy": ["-c", "import sympy"],
    "derive": ["-m", "symgd", "derive", "line-mse"],
    "cached": ["-m", "symgd", "derive", "line-mse"],
    "check": ["-m", "symgd", "check", "-"],
    "import": ["-c", "import symgd"],
    "help": ["-m", "symgd", "--help"],
    "version": ["-m", "symgd", "--version"],
    "usage": ["-m", "symgd", "derive", "--frobnicate"],
}
ROUNDS = 9
WORKING = "y_hat = w*x + b\nL = (y_hat - y)^2\ndL/dw = 2 (y_hat - y) x\ndL/db = 2 (y_hat - y) x\n"


def once(words: list[str], environment: dict[str, str]) -> float:
    """CPU seconds of one process"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], input=WORKING.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def written_to(folder: str) -> dict[str, str]:
    """An environment whose byte code goes to this folder, or where it is already."""
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return plain | {"PYTHONPYCACHEPREFIX": folder} if folder else plain


def rows(*, tiny: bool = False) -> Iterator[Row]:
    """CPU time: on a machine that does nothing else a person waits as long."""
    commands = {name: COMMANDS[name] for name in ("sympy", "derive", "cached")} if tiny else COMMANDS
    times: dict[str, list[float]] = {name: [] for name in commands}
    shuffle = random.Random(11)
    with tempfile.TemporaryDirectory() as folder:
        plain = written_to("" if tiny else folder)
        environments = {name: plain | {"SYMGD_CACHE": f"{folder}/cache" if name == "cached" else "off"} for name in commands}
        for name in ("cached",) if tiny else commands:
            once(commands[name], environments[name])
        for _ in range(1 if tiny else ROUNDS):
            for name in shuffle.sample(list(commands), len(commands)):
                times[name].append(once(commands[name], environments[name]))
    cpu = {name: statistics.median(found) for name, found in times.items()}
    yield Row(f"symgd derive line-mse; SymPy takes {cpu['sympy'] * 1000:.0f} ms", cpu["derive"] / cpu["sympy"], "× import sympy", 1.25, short=True)
    yield Row("the same from the cache", cpu["cached"] * 1000, "ms", 80, short=True)
    if tiny:
        return
    yield Row(f"symgd check -, a working of four lines: {cpu['check'] * 1000:.0f} ms", cpu["check"] / cpu["sympy"], "× import sympy")
    yield Row("import symgd", cpu["import"] * 1000, "ms")
    for name in ("help", "version", "usage"):
        yield Row("a usage error" if name == "usage" else f"symgd --{name}", cpu[name] * 1000, "ms", 100)
