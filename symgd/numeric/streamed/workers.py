"""A run by the workers of a Dask client: bundles of parts go out as futures, exact sums come back; who dies loses nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NoReturn

from symgd.document.formats import MissingExtra
from symgd.numeric.data.table import DataError
from symgd.numeric.streamed.asked import part_sums
from symgd.numeric.streamed.exact import merged
from symgd.numeric.streamed.parts import Ask, Part, Sums
from symgd.numeric.streamed.source import see_unchanged

__all__ = ["PATIENCE", "ClusterLost", "Workers", "answered", "first_line"]

PATIENCE = 30.0  # seconds without a worker, or without a word from the scheduler
LOOK = 1.0  # seconds after which a silent cluster is looked at
AGAIN = 5.0  # seconds after which any cluster is: workers come and go
AHEAD = 3  # bundles a thread has before it
BUNDLES, LARGEST = 16, 64  # bundles that each thread gets of a whole pass; parts of one
HERE = "the local cluster"
ENDED = ("finished", "error", "cancelled")  # of a future; one that is lost is computed again


class ClusterLost(ValueError):
    """The cluster cannot be reached, or does not answer any more; the message says which, and what to do."""


def answered(parts: Sequence[Part], ask: Ask, function: Any, version: str) -> Sums:
    """On a worker: the sums of some parts, merged.  Raises DataError for what cannot be used, or is not seen from here."""
    if version != _version():
        raise DataError(f"the worker on {_host()} has symgd {_version()}, you have {version}; install the same one on all machines")
    for path in sorted({s.file.path for p in parts for s in p.stretches}):
        if not os.path.exists(path):
            raise DataError(f"{path}: no such file on the worker {_host()}; put it where every worker sees it under this path, then begin again")
    try:
        return merged(part_sums(p, replace(ask, function=function)) for p in parts)
    except MissingExtra as why:
        raise DataError(f"the worker on {_host()}: {why}") from None


def kept(function: Any) -> Any:
    """Itself, as a future: sent to a worker once, where the others get it, and made again where it is lost."""
    return function


@lru_cache(maxsize=1)
def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("symgd")
    except PackageNotFoundError:  # a checkout that was not installed
        return "of no version"


def _host() -> str:
    import socket

    return socket.gethostname()


@dataclass(frozen=True, eq=False)
class Workers:
    """A run by the workers of a `distributed.Client`: a few bundles a thread are under way, so that the cluster holds little, of any number of parts.

    patience  seconds to wait for a worker, or a word from the scheduler, before it is given up
    Of several parts that cannot be used the first is told of.  Raises DataError, ClusterLost.
    """

    client: Any
    patience: float = PATIENCE
    sent: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    def __call__(self, parts: Sequence[Part], ask: Ask) -> Iterator[Sums]:
        with _told(self.client):
            yield from self._answers(parts, ask)

    def _answers(self, parts: Sequence[Part], ask: Ask) -> Iterator[Sums]:
        client = self.client
        threads, heard = _threads(client, self.patience), time.monotonic()
        looked = heard
        left = _bundles(parts, max(1, min(LARGEST, len(parts) // (BUNDLES * max(1, threads)))))
        waiting, broken = dict[Any, tuple[int, Any]](), list[tuple[int, Any, Any]]()
        function, plain = self._kept(ask.function), replace(ask, function=None)
        while True:
            while not broken and len(waiting) < AHEAD * max(1, threads) and (bundle := next(left, None)):
                waiting[client.submit(answered, bundle, plain, function, _version(), pure=False)] = bundle[0].number, bundle
            if not waiting:
                break
            if not _any_done(client, list(waiting)) or time.monotonic() - looked > AGAIN:
                threads, looked = _threads(client, self.patience), time.monotonic()
                heard = looked if threads > 0 else heard
                if time.monotonic() - heard > self.patience:
                    raise ClusterLost(_silent(client, threads))
            for f, status in [(f, f.status) for f in waiting]:  # read once: what is finished is pending again where its worker dies
                if status not in ENDED:
                    continue
                if status != "finished":
                    broken.append((*waiting.pop(f), f))
                    continue
                try:
                    sums = f.result(timeout=LOOK)
                except TimeoutError:  # it went with its worker, and is computed again
                    break
                heard = time.monotonic()
                del waiting[f]
                yield sums
            if broken:  # those before it may be broken too
                first = min(number for number, _, _ in broken)
                waiting = {f: w for f, w in waiting.items() if w[0] < first}
        if broken:
            _refuse(client, *min(broken, key=lambda b: b[0])[1:])

    def _kept(self, function: Any) -> Any:
        """A gradient function goes out once; every step sends θ alone."""
        if function is not None and id(function) not in self.sent:
            self.sent[id(function)] = function, self.client.submit(kept, function, pure=False)
        return function if function is None else self.sent[id(function)][1]


def _any_done(client: Any, futures: Sequence[Any]) -> bool:
    """Is one answered within a second?"""
    from distributed import wait

    with client.as_current():
        try:
            wait(futures, timeout=LOOK, return_when="FIRST_COMPLETED")
        except TimeoutError:
            return False
    return True


def _bundles(parts: Sequence[Part], size: int) -> Iterator[tuple[Part, ...]]:
    for k in range(0, len(parts), size):
        yield tuple(parts[k : k + size])


def _refuse(client: Any, bundle: Sequence[Part], future: Any) -> NoReturn:
    """Raises what went wrong on the worker; a file that is gone from here too is told of first."""
    from distributed import KilledWorker

    at, needed = _address(client), f"install symgd[dask] {_version()} where the scheduler and the workers run, then begin again"
    try:
        future.result(timeout=LOOK)
    except DataError:
        for s in (s for p in bundle for s in p.stretches):
            see_unchanged(s.file)
        raise
    except KilledWorker as why:
        many = why.allowed_failures + 1
        raise ClusterLost(f"{many} workers of {at} died, one after the other, over the same rows; have they too little memory?") from None
    except (ImportError, AttributeError) as why:
        raise ClusterLost(f"{at} cannot run symgd ({first_line(why)}); {needed}") from None
    except TimeoutError:
        raise
    except OSError as why:
        raise DataError(f"a worker of {at}: {first_line(why)}") from None
    except RuntimeError as why:
        if "deserializ" not in str(why):
            raise
        raise ClusterLost(f"{at} cannot read what symgd sends; {needed}") from None
    raise ClusterLost(f"{at} lost what it was asked; begin again")


def _threads(client: Any, patience: float) -> int:
    """Of all workers; −1 where the scheduler does not answer."""
    try:
        return sum(client.sync(client.scheduler.ncores, callback_timeout=patience).values())
    except (OSError, AttributeError, RuntimeError):
        return -1


def _silent(client: Any, threads: int) -> str:
    at = _address(client)
    if threads < 0:
        of = f"of {at}" if at == HERE else f"at {at}"
        return f"the scheduler {of} does not answer any more; there is no result, and nothing was written: start it and its workers, then begin again"
    if at == HERE:
        return f"all processes of {at} are gone, and none came back; begin again"
    return f"all workers of {at} are gone; start some (dask worker {at}), then begin again"


def _address(client: Any) -> str:
    return str(client._start_arg if isinstance(client._start_arg, str) else HERE)


@contextmanager
def _told(client: Any) -> Iterator[None]:
    """A scheduler that is gone → ClusterLost."""
    try:
        yield
    except (CancelledError, OSError):
        raise ClusterLost(_silent(client, -1)) from None
    except RuntimeError:
        if client.status == "running":
            raise
        raise ClusterLost(_silent(client, -1)) from None


def first_line(why: BaseException) -> str:
    return (str(why) or type(why).__name__).partition("\n")[0][:200]
