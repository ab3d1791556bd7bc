"""A run by the workers of a Dask cluster: bundles of parts go out as futures, exact sums come back, the data stay where they are.

    with on_cluster("tcp://10.0.0.1:8786") as run:      # a scheduler that has workers; "local" starts one process a core
        found = moments(source, ("x",), "y", run=run)

Sums are added without rounding, so the digits depend neither on how many workers there are nor on who answered what, nor on how often: a bundle whose
worker died is given to another one by Dask.  Workers need the same symgd, and see every file under the path that it has here.  The sum of a piece of
2,048 numbers is the processor's own: machines of another kind may differ there in a last bit, as they do in one process.

Dask speaks pickle: who reaches a scheduler can run anything on its workers and on those who are connected to it.  Connect only to a scheduler of your
own; keep it within a network of your own, or behind TLS ("tls://…", with Dask's own configuration).  "local" listens on 127.0.0.1 while it runs, as Dask's
local clusters do: on a machine shared with people who are not trusted, read in one process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from symgd.document.formats import MissingExtra
from symgd.numeric.streamed.parts import Run
from symgd.numeric.streamed.workers import PATIENCE, ClusterLost, Workers, first_line

__all__ = ["ClusterLost", "Workers", "on_cluster"]

LOCAL = "local"
STARTING = 120.0  # seconds for processes of this machine to start
CONNECT = 10  # seconds for a scheduler to answer for the first time
NOISY = ("distributed", "tornado", "asyncio")


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
        many, wait = 1, patience
        if address == LOCAL:
            many, wait = workers or _cores(), STARTING
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
            client.wait_for_workers(many, timeout=wait)
        except TimeoutError:
            if address == LOCAL:
                unguarded = 'in a program of your own, is the call below if __name__ == "__main__"?'
                raise ClusterLost(f"{many} processes of this machine did not start within {STARTING:.0f} s; {unguarded}") from None
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
        raise ClusterLost(f"the scheduler at {at} does not speak with us ({first_line(why)}); install {here}, on all machines") from None
    return client


def _see_scheduler(at: str) -> None:
    """Raises ClusterLost where no scheduler answers."""
    try:
        kind = _kind(at)
    except (OSError, TypeError, KeyError, EOFError, RuntimeError, MemoryError) as why:
        raise ClusterLost(f"no Dask scheduler answers at {at} ({first_line(why)}); start one (dask scheduler) and name its address: tcp://HOST:8786") from None
    except ValueError as why:
        raise ClusterLost(f"{at!r} is no address of a scheduler ({first_line(why)}); it is as tcp://HOST:8786") from None
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
