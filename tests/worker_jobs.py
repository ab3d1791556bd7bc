"""Jobs that misbehave, for the tests of the worker."""

from __future__ import annotations

import os
import time
from pathlib import Path


def _echo(*data):
    yield list(data)


def _slow():
    yield "first"
    yield "second"
    time.sleep(60)
    yield "never"


def _busy():
    yield "begun"
    while True:
        pass


def _greedy():
    yield "begun"
    yield len(bytearray(4 << 30))


def _greedy_in_c():
    from flint import fmpz

    yield "begun"
    yield (fmpz(3) ** (1 << 36)).bit_length()


def _deep():
    def down(n):
        return down(n + 1) + 1

    yield down(0)


def _dying():
    yield "begun"
    os._exit(3)


def _broken():
    yield "begun"
    raise KeyError("a mistake of ours")


def _writing(path):
    try:
        with Path(path).open("w") as file:
            file.write("x" * 100)
    except OSError as refused:
        yield refused.strerror
    else:
        yield "written"


def _pids():
    yield [os.getpid(), os.getppid()]


JOBS = {
    "echo": _echo, "slow": _slow, "busy": _busy, "greedy": _greedy, "greedy in C": _greedy_in_c, "deep": _deep, "dying": _dying, "broken": _broken,
    "writing": _writing, "pids": _pids,
}  # fmt: skip
