"""The worker: the last answer in time counts, limits hold, nothing is left behind, and no pair of a stranger is called wrong for want of time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from symgd import worker
from symgd.reading import Unread
from symgd.worker import Answer, Worker

HOME = Path(__file__).parent.parent
limited = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory limits and forks are Linux's")


@pytest.fixture(scope="module")
def jobs():
    with Worker("tests.worker_jobs:JOBS") as w:
        yield w


def gone(pid: int, seconds: float = 5) -> bool:
    """Does the process end within some seconds?"""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_plain_data_goes_in_and_comes_out(jobs):
    assert jobs.ask("echo", "a", 1, [2.5, None], {"x": "σ"}) == Answer(["a", 1, [2.5, None], {"x": "σ"}])


@pytest.mark.parametrize(
    ("job", "seconds", "answer"),
    [
        ("slow", 0.2, Answer("second", "time")),
        ("busy", 0.2, Answer("begun", "time")),
        ("dying", 2, Answer("begun", "died")),
        ("broken", 2, Answer("begun", "died")),
        ("deep", 2, Answer(None, "memory")),
    ],
)
def test_the_last_answer_in_time_counts_and_the_next_request_finds_a_fresh_child(jobs, job, seconds, answer):
    before = time.monotonic()
    assert jobs.ask(job, seconds=seconds) == answer
    assert time.monotonic() - before < seconds + 1.5
    assert jobs.ask("echo", 7) == Answer([7])


@limited
def test_memory_is_limited_in_python_and_in_c(jobs):
    assert jobs.ask("greedy") == Answer("begun", "memory")
    assert jobs.ask("greedy in C", seconds=10).ended in ("memory", "died")
    assert jobs.ask("echo", 7) == Answer([7])


@limited
def test_no_file_is_written(jobs, tmp_path):
    assert jobs.ask("writing", str(tmp_path / "file")).value != "written"
    assert not (tmp_path / "file").exists() or (tmp_path / "file").stat().st_size == 0


@limited
def test_closing_leaves_no_process_behind():
    with Worker("tests.worker_jobs:JOBS") as w:
        child, server = w.ask("pids").value
        w.ask("busy", seconds=0.1)
        second, _ = w.ask("pids").value
    assert second != child
    assert gone(child)
    assert gone(second)
    assert gone(server)


@limited
def test_a_killed_asker_leaves_no_process_behind():
    code = (
        "import time; from symgd.worker import Worker\n"
        "w = Worker('tests.worker_jobs:JOBS'); print(*w.ask('pids').value, flush=True); time.sleep(60)"
    )  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=HOME) as asker:
        pids = [int(p) for p in asker.stdout.readline().split()]
        asker.send_signal(signal.SIGKILL)
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_a_killed_server_is_started_again(jobs):
    assert jobs.server is not None
    jobs.server.kill()
    jobs.server.wait()
    assert jobs.ask("echo", 7) == Answer([7])


def test_a_worker_without_its_table_says_so():
    with pytest.raises(RuntimeError, match="does not start"), Worker("tests.worker_jobs:NONE") as w:
        w.ask("echo")


# ---------------------------------------------------------------- strangers' pairs


@pytest.mark.parametrize(
    ("left", "right", "domain", "verdict"),
    [
        ("sin(x)^2", "1 - cos(x)^2", {}, "proved"),
        ("log(x^2)", "2*log(x)", {}, "proved"),
        (r"\frac{1}{1+e^{-z}}", r"\sigma(z)", {}, "proved"),
        ("x^2", "x", {}, "refuted"),
        ("sqrt(x^2)", "x", {}, "refuted"),
        ("sqrt(x^2)", "x", {"x": "positive"}, "proved"),
        ("cos(302*x)", "2*cos(151*x)^2 - 1", {}, "proved"),  # by simplify
    ],
)
def test_a_pair_of_texts_is_decided(left, right, domain, verdict):
    check = worker.equal(left, right, domain, seconds=20)
    assert check.verdict == verdict
    assert (check.verdict == "refuted") == (check.values is not None)


def test_the_check_is_the_same_as_in_process():
    from symgd.reading import read
    from symgd.referee.equality import equal_terms

    for left, right in (("x/x", "1"), ("2*x", "x"), ("max(x, y)*min(x, y)", "x*y")):
        assert worker.equal(left, right, seconds=20) == equal_terms(read(left), read(right))


def test_no_time_is_held_never_refuted():
    check = worker.equal("x", "x + 1", seconds=0)
    assert (check.verdict, check.evidence) == ("held", "no verdict within 0 seconds")
    assert worker.equal("x", "x + 1", seconds=20).verdict == "refuted"


@pytest.mark.parametrize("text", ["x +", "__import__('os').system('touch /tmp/owned')", "9**9**9**9", "(" * 10_000, "x.__class__"])
def test_what_cannot_be_read_is_an_error_with_its_place(text):
    with pytest.raises(Unread) as error:
        worker.equal("x", text, seconds=20)
    assert error.value.text == text
    assert 0 <= error.value.start <= error.value.end <= len(text)


@pytest.mark.parametrize(
    ("left", "domain", "message"),
    [("x", {"x": "big"}, "x: 'big' is no domain"), ("x_ij", {}, "x carries one index"), (r"\sum_i x_{ij}", {}, "x carries one index")],
)
def test_what_has_no_meaning_is_an_error(left, domain, message):
    with pytest.raises(ValueError, match=message):
        worker.equal(left, "1", domain, seconds=20)


def test_the_asker_imports_neither_sympy_nor_numpy():
    code = (
        "import sys, symgd.worker as w\n"
        "assert w.equal('x + x', '2*x', seconds=20).verdict == 'proved'\n"
        "print(sorted({'sympy', 'numpy', 'flint'} & set(sys.modules)))"
    )  # fmt: skip
    assert subprocess.check_output([sys.executable, "-W", "error", "-c", code], text=True, cwd=HOME).strip() == "[]"


def test_a_sympy_in_the_current_folder_is_not_imported(tmp_path):
    (tmp_path / "sympy.py").write_text("raise SystemExit('imported from the current folder')")
    code = "import symgd.worker as w; print(w.equal('x + x', '2*x', seconds=20).verdict)"
    found = subprocess.check_output([sys.executable, "-P", "-c", code], text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(HOME)})
    assert found.strip() == "proved"
