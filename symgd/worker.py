"""Strangers' expressions are decided in a process of its own, with limits on time, memory and files, killed when its time is up.

Only plain data (JSON) crosses the pipe, and a request names one job of a fixed table.  Three processes: the asker; a *server*, started once,
that imports what the jobs need and then touches no request; and its forked *child*, which does the jobs one after another and is replaced,
within milliseconds, when it was killed or died.  The server ends when the asker does, for then its input closes; the child when the server
does.  No signal handlers and no threads in the server or the child.

Limits of the child: wall-clock and CPU seconds of the request, MEMORY above what it starts with, no file written, no core.
Weaker elsewhere: macOS does not enforce the limit of memory; without fork (Windows) the server does the jobs itself, the asker kills it when
time is up, and the next request waits for a new server.

A job is a generator: it yields better and better answers, and the last one that came in time counts.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

__all__ = ["JOBS", "Answer", "Worker", "ask", "equal"]

STARTING = 60.0  # seconds that a server may take to import what it needs
GRACE = 5.0  # seconds that the server may take to say that time is up
Job = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Answer:
    """value  the last answer that came in time, plain data, or None
    ended  "" if the job came to its end; else "time", "memory" or "died"
    """

    value: Any
    ended: str = ""


# ---------------------------------------------------------------- the jobs


def _equal(left: str, right: str, domain: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Two texts → the fields of a Check, or what could not be read, {"unread": …}, or has no meaning, {"invalid": …}."""
    from dataclasses import asdict

    from symgd.reading import Unread, read
    from symgd.referee.equality import looks
    from symgd.referee.samples import compare_over_samples, has_samples
    from symgd.referee.simplifying import simplified

    terms = []
    for side, text in (("left", left), ("right", right)):
        try:
            terms.append(read(text))
        except Unread as unread:
            yield {"unread": unread.message, "side": side, "text": text, "start": unread.start, "end": unread.end, "hint": unread.hint}
            return
    try:
        if any(has_samples(t) for t in terms):
            yield asdict(compare_over_samples(terms[0], terms[1], domain))
            return
        for check in looks(terms[0], terms[1], domain, simplified):
            yield asdict(check)
    except ValueError as invalid:  # a domain that is none; names that do not fit together
        yield {"invalid": str(invalid)}


JOBS: dict[str, Job] = {"equal": _equal}


def warm() -> None:
    """What every job needs, imported and used once."""
    for _ in _equal("sin(x)^2 + cos(x)^2", "log(e^x)/x + 0", {}):
        pass


# ---------------------------------------------------------------- the asker's side


class Worker:
    """A server and its child.  `table` names the jobs, "module:NAME" of the program's own (never of a stranger's) choice; the server calls `module.warm()`."""

    def __init__(self, table: str = "symgd.worker:JOBS") -> None:
        self.table = table
        self.server: subprocess.Popen[str] | None = None
        self.lines: queue.Queue[str] = queue.Queue()
        self.reader: threading.Thread | None = None
        self.turn = threading.Lock()
        self.ready = self.forks = False

    def ask(self, job: str, *data: Any, seconds: float = 2.0) -> Answer:
        """The answer to one request, within about `seconds`; the start of the first server is not counted, nor the requests of other threads before it."""
        with self.turn:
            self.begin()
            self._ready()
            assert self.server
            assert self.server.stdin
            try:
                self.server.stdin.write(json.dumps({"job": job, "data": data, "seconds": seconds}) + "\n")
                self.server.stdin.flush()
            except OSError:
                self.close()
                return Answer(None, "died")
            return self._wait(time.monotonic() + seconds + (GRACE if self.forks else 0))

    def begin(self) -> None:
        """Start the server, unless it runs, and do not wait for it: `ask` does."""
        if self.server is None or self.server.poll() is not None:
            self.close()
            self._start()

    def close(self) -> None:
        """End the server, and with it the child."""
        if self.server is None:
            return
        server, self.server = self.server, None
        assert server.stdin
        assert server.stdout
        try:
            server.stdin.close()  # an idle server ends by itself, and ends its child
            server.wait(0.5 if self.ready else 0)
        except (OSError, subprocess.TimeoutExpired):
            server.kill()
            server.wait()
        if self.reader:
            self.reader.join(GRACE)
        server.stdout.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        home = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join([home, *filter(None, sys.path)])
        self.server = subprocess.Popen(
            [sys.executable, "-P", "-m", "symgd.serving", self.table],  # -P: nothing is imported from the current folder
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            encoding="utf-8",
        )
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=_collect, args=(self.server.stdout, self.lines), daemon=True)
        self.reader.start()
        self.ready = False

    def _ready(self) -> None:
        """The server has imported what it needs.  Raises RuntimeError where it cannot be started."""
        if self.ready:
            return
        first = self._line(time.monotonic() + STARTING)
        if not first:
            self.close()
            raise RuntimeError("the worker process does not start")
        self.ready, self.forks = True, bool(first["forks"])

    def _line(self, deadline: float) -> dict[str, Any] | None:
        """The next line of the server, {} at its end, None when time is up."""
        try:
            text = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            return None
        found: dict[str, Any] = json.loads(text) if text else {}
        return found

    def _wait(self, deadline: float) -> Answer:
        value: Any = None
        while line := self._line(deadline):
            if "ended" in line:
                return Answer(value, line["ended"])
            value = line["answer"]
        ended = "time" if line is None else "died"
        self.close()
        return Answer(value, ended)


def _collect(stream: IO[str], lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


_shared = Worker()
atexit.register(_shared.close)


def ask(job: str, *data: Any, seconds: float = 2.0) -> Answer:
    """`Worker.ask` of one worker that the whole program shares; it is started by the first request and ended with the program."""
    return _shared.ask(job, *data, seconds=seconds)


def equal(left: str, right: str, domain: dict[str, str] | None = None, seconds: float = 2.0) -> Any:
    """Two texts of a stranger → Check.  What takes too long or too much memory is held, never refuted.

    Raises symgd.reading.Unread, with the place, for a text that cannot be read; ValueError for a word that is no domain, or names that do not fit together.
    """
    from symgd.reading.unread import Unread
    from symgd.referee.check import Check

    found = ask("equal", left, right, domain or {}, seconds=seconds)
    if found.value is None:
        reason = {"time": f"no verdict within {seconds:g} seconds", "memory": "the memory limit was reached"}.get(found.ended, "the worker process died")
        return Check("held", reason)
    if "unread" in found.value:
        v = found.value
        raise Unread(v["unread"], v["text"], v["start"], v["end"], v["hint"])
    if "invalid" in found.value:
        raise ValueError(found.value["invalid"])
    fields = found.value
    evidence = fields["evidence"]
    if fields["verdict"] == "held" and found.ended == "time":
        evidence += f"; SymPy's simplify came to no end within {seconds:g} seconds"
    values = fields["values"]
    return Check(fields["verdict"], evidence, fields["scope"], tuple((n, v) for n, v in fields["witness"]), tuple(values) if values else None)
