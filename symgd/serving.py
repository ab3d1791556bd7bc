"""The server's side of the worker: `python -m symgd.serving MODULE:TABLE` takes requests from stdin and has a forked child do them, under limits."""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["serve"]

MEMORY = 1 << 30  # bytes that the child may take above its start
Job = Callable[..., Iterator[Any]]


def serve(table: str) -> None:
    """Requests from stdin, one a line; answers to stdout; ends with stdin."""
    module, name = table.split(":")
    home = importlib.import_module(module)
    jobs: dict[str, Job] = getattr(home, name)
    if hasattr(home, "warm"):
        home.warm()
    forks = hasattr(os, "fork")
    _say({"forks": forks})
    if not forks:
        for line in sys.stdin:
            _work(jobs, line, _say)
        return
    child = Child(jobs)
    for line in sys.stdin:
        child.do(line, time.monotonic() + json.loads(line)["seconds"])
    child.end()


def _say(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


def _work(jobs: dict[str, Job], line: str, say: Callable[[dict[str, Any]], None]) -> bool:
    """Do one request.  False where memory ran out, and this process had better end."""
    request = json.loads(line)
    try:
        for answer in jobs[request["job"]](*request["data"]):
            say({"answer": answer})
    except (MemoryError, RecursionError):
        say({"ended": "memory"})
        return False
    say({"ended": ""})
    return True


class Child:
    """The forked process that does the jobs."""

    def __init__(self, jobs: dict[str, Job]) -> None:
        self.jobs = jobs
        self.fork()

    def fork(self) -> None:
        requests, answers = os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(requests[1])
            os.close(answers[0])
            _do_requests(self.jobs, requests[0], answers[1])
            os._exit(0)
        os.close(requests[0])
        os.close(answers[1])
        self.requests, self.answers = requests[1], answers[0]

    def do(self, line: str, deadline: float) -> None:
        """Hand the request to the child and its answers on, until it is done, dead, or out of time."""
        import select

        try:
            os.write(self.requests, line.encode())
        except BrokenPipeError:
            self.again()
            os.write(self.requests, line.encode())
        rest = b""
        while True:
            left = deadline - time.monotonic()
            ready = select.select([self.answers], [], [], left)[0] if left > 0 else []
            piece = os.read(self.answers, 1 << 16) if ready else b""
            if not piece:
                self.again()
                _say({"ended": "died" if ready else "time"})
                return
            *lines, rest = (rest + piece).split(b"\n")
            for text in lines:
                found = json.loads(text)
                _say(found)
                if "ended" in found:
                    if found["ended"]:
                        self.again()
                    return

    def end(self) -> None:
        """Kill and bury the child."""
        import signal

        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.requests)
        os.close(self.answers)

    def again(self) -> None:
        self.end()
        self.fork()


def _do_requests(jobs: dict[str, Job], requests: int, answers: int) -> None:
    """The child's life."""
    _limit()

    def say(data: dict[str, Any]) -> None:
        text = (json.dumps(data) + "\n").encode()
        while text:
            text = text[os.write(answers, text) :]

    with os.fdopen(requests, encoding="utf-8") as lines:
        for line in lines:
            _limit_cpu(json.loads(line)["seconds"])
            if not _work(jobs, line, say):
                return


def _limit() -> None:
    """Memory, files and cores of this process."""
    import resource

    try:
        start = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        start = 4 << 30  # not Linux: what an interpreter maps may be large, and the limit is hardly enforced
    for limit, value in ((resource.RLIMIT_AS, start + MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _limit_cpu(seconds: float) -> None:
    """This request's seconds, and one for rounding, above what was used before."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


if __name__ == "__main__":
    serve(sys.argv[1])
