"""A run by the workers of a Dask cluster: bundles of parts go out as futures, exact sums come back, the data stay where they are.

    with on_cluster("tcp://10.0.0.1:8786") as run:      # a scheduler that has workers; "local" starts one process a core
        found = moments(source, ("x",), "y", run=run)

Sums are added without rounding, so the digits depend neither on how many workers there are nor on who answered what, nor on how often: a bundle whose
worker died is given to another one by Dask.  Workers need the same symgd, and see every file under the path that it has here.  The sum of a piece of
2,048 numbers is the processor's own: machines of another kind may differ there in a last bit, as they do in one process.

Dask speaks pickle: who reaches a scheduler can run anything on its workers and on those who are connected to it.  Connect only to a scheduler of your
own; keep it within a network of your own, or behind TLS ("tls://…", with Dask's own configuration).
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NoReturn

from symgd.document.formats import MissingExtra
from symgd.numeric.data.table import DataError
from symgd.numeric.streamed.asked import part_sums
from symgd.numeric.streamed.exact import merged
from symgd.numeric.streamed.parts import Ask, Part, Run, Sums
from symgd.numeric.streamed.source import see_unchanged

__all__ = ["ClusterLost", "Workers", "on_cluster"]

LOCAL = "local"
PATIENCE = 30.0  # seconds without a worker, or without a word from the scheduler
STARTING = 120.0  # seconds for processes of this machine to start
CONNECT = 10  # seconds for a scheduler to answer for the first time
LOOK = 1.0  # seconds after which a silent cluster is looked at
AGAIN = 5.0  # seconds after which any cluster is: workers come and go
AHEAD = 3  # bundles a thread has before it
BUNDLES, LARGEST = 16, 64  # bundles that each thread gets of a whole pass; parts of one
ENDED = ("finished", "error", "cancelled")  # of a future; one that is lost is computed again
NOISY = ("distributed", "tornado", "asyncio")


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
            for f in [f for f in waiting if f.status in ENDED]:
                if f.status != "finished":
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
        raise ClusterLost(f"{at} cannot run symgd ({_line(why)}); {needed}") from None
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
        return f"the scheduler at {at} does not answer any more; there is no result, and nothing was written: start it and its workers, then begin again"
    return f"all workers of {at} are gone; start some (dask worker {at}), then begin again"


def _address(client: Any) -> str:
    return str(client._start_arg if isinstance(client._start_arg, str) else "this machine")


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


def _line(why: BaseException) -> str:
    return (str(why) or type(why).__name__).partition("\n")[0][:200]


# ---------------------------------------------------------------- who the workers are


@contextmanager
def on_cluster(address: str, workers: int = 0, patience: float = PATIENCE) -> Iterator[Run]:
    """A run by the workers of the scheduler at an address, host:port or tcp://host:port; "local" starts processes of this machine, and ends them.

    workers  of a local cluster: as many as there are cores
    Raises MissingExtra without Dask, ClusterLost where nobody answers, or there is no worker.
    """
    try:
        import distributed
    except ImportError:
        raise MissingExtra("dask[distributed]", "dask") from None
    with ExitStack() as ends, _silence():
        many = 1
        if address == LOCAL:
            many, patience = workers or _cores(), max(patience, STARTING)
            folder = ends.enter_context(tempfile.TemporaryDirectory(prefix="symgd-", ignore_cleanup_errors=True))
            cluster = distributed.LocalCluster(
                n_workers=0, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=logging.CRITICAL, memory_limit=0,
                local_directory=folder, scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # without a dashboard it has a page still
            )  # fmt: skip
            ends.callback(_end, cluster, 20)
            cluster.sync(_deaf)
            cluster.scale(many)  # not before somebody would end them
            client = _connected(distributed, cluster, LOCAL)
        else:
            client = _connected(distributed, address, address)
        ends.callback(_end, client, 5)
        try:
            client.wait_for_workers(many, timeout=patience)
        except TimeoutError:
            raise ClusterLost(f"the scheduler at {address} has no worker; start some (dask worker {address}), then begin again") from None
        yield Workers(client, patience)


def _connected(distributed: Any, where: Any, at: str) -> Any:
    """A client of a cluster, or of the scheduler at an address.  Raises ClusterLost."""
    if isinstance(where, str):
        _see_scheduler(where)
    client = distributed.Client.__new__(distributed.Client)
    try:
        with warnings.catch_warnings():  # other versions: where that matters, an answer says so
            warnings.simplefilter("ignore")
            client.__init__(where, timeout=CONNECT, set_as_default=False)
    except (OSError, TypeError, ValueError, KeyError, ImportError, RuntimeError) as why:
        client.status = "closed"  # it never was open, and need not be closed at exit
        here = f"distributed=={distributed.__version__}, as here"
        raise ClusterLost(f"the scheduler at {at} does not speak with us ({_line(why)}); install {here}, on all machines") from None
    return client


def _see_scheduler(at: str) -> None:
    """Raises ClusterLost where no scheduler answers."""
    try:
        kind = _kind(at)
    except (OSError, TypeError, KeyError, EOFError, RuntimeError, MemoryError) as why:
        raise ClusterLost(f"no Dask scheduler answers at {at} ({_line(why)}); start one with `dask scheduler` and name its address: tcp://HOST:8786") from None
    except ValueError as why:
        raise ClusterLost(f"{at!r} is no address of a scheduler ({_line(why)}); it is as tcp://HOST:8786") from None
    if kind != "Scheduler":
        raise ClusterLost(f"{at} is a Dask {kind.lower()}; name the address of its scheduler")


def _kind(address: str) -> str:
    """What answers at an address: Scheduler, Worker, Nanny; asked in a thread of its own, for the caller may run a loop."""
    from distributed.core import rpc
    from distributed.security import Security

    async def asked() -> str:
        async with rpc(address, timeout=CONNECT, connection_args=Security().get_connection_args("client")) as at:
            return str((await at.identity())["type"])

    with ThreadPoolExecutor(1) as one:
        return one.submit(asyncio.run, asyncio.wait_for(asked(), CONNECT)).result()


async def _deaf() -> None:
    """Ctrl-C is for the command, which ends its workers: threads and processes that this one starts do not hear it."""
    from multiprocessing import resource_tracker

    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # whoever starts it hears again
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _end(opened: Any, seconds: float) -> None:
    """Closed, if it closes; what is left of a cluster that is gone says nothing."""
    with suppress(OSError, RuntimeError, CancelledError, AssertionError, NameError):  # the last two where it was still starting
        opened.close(timeout=seconds)
    if hasattr(opened, "shutdown_on_close"):
        opened.shutdown_on_close = False  # at exit it would try, and complain, once more


@contextmanager
def _silence() -> Iterator[None]:
    """Dask's own words on the way of workers and connections are not for the user of a command."""
    loggers = [logging.getLogger(name) for name in sorted({*logging.root.manager.loggerDict, *NOISY}) if name.partition(".")[0] in NOISY]
    before = [(one, one.level) for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for one, level in before:
            one.setLevel(level)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
