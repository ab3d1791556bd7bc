"""A pass over big files by the workers of a Dask cluster, two processes and a scheduler: the same digits, whoever dies; what is lost is told in a sentence."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import symgd
from symgd import catalogue
from symgd.cli import main
from symgd.document.formats import MissingExtra
from symgd.numeric.data.table import DataError
from symgd.numeric.streamed import cluster as room
from symgd.numeric.streamed import source as sources
from symgd.numeric.streamed import workers
from symgd.numeric.streamed.cluster import ClusterLost, on_cluster
from symgd.numeric.streamed.fit import fit_streamed
from symgd.numeric.streamed.parts import Ask, Numbers, Part, Run, Sums
from symgd.numeric.streamed.passes import in_threads, moments
from symgd.numeric.streamed.source import Source, look
from symgd.numeric.streamed.study import streamed_study
from symgd.numeric.streamed.workers import answered


ROWS, GROUP = 200_000, 10_000
ABOUT = Ask("flat", (Numbers("x"), Numbers("y")), numbers=((0.0, 2.0), (-1.0,)))


def python(*words: str, **more: Any) -> subprocess.Popen[bytes]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | more
    return subprocess.Popen([sys.executable, "-m", "dask", *words, "--host", "127.0.0.1", "--no-dashboard"], **quiet)


@dataclass
class Cluster:
    """A scheduler and its workers, each a process without anybody who would start it again."""

    folder: Path
    address: str = ""
    scheduler: Any = None
    workers: list[Any] = field(default_factory=list)

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = python("scheduler", "--port", str(port))

    def see(self) -> None:
        """Wait until the scheduler listens."""
        for _ in range(600):
            with socket.socket() as one:
                if not one.connect_ex(("127.0.0.1", int(self.address.rpartition(":")[2]))):
                    return
            time.sleep(0.1)

    def add(self) -> None:
        words = ("--no-nanny", "--nthreads", "1", "--memory-limit", "0", "--local-directory", str(self.folder))
        self.workers.append(python("worker", self.address, *words))

    def kill(self, process: Any) -> None:
        """By its id, at once, as a machine dies."""
        os.kill(process.pid, 9)
        process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    one = Cluster(tmp_path_factory.mktemp("dask"))
    one.start()
    try:
        for _ in range(2):
            one.add()
        one.see()
        yield one
    finally:
        for p in (*one.workers, one.scheduler):
            p.kill()
            p.wait()


@pytest.fixture(scope="module")
def run(cluster: Cluster) -> Iterator[Run]:
    with on_cluster(cluster.address) as started:
        started.client.wait_for_workers(2, timeout=60)  # type: ignore[attr-defined]
    with on_cluster(cluster.address, patience=5) as found:
        yield found


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """Two columns at a large offset in 20 row groups, and a class; read in 13 parts."""
    rng = np.random.default_rng(5)
    x = rng.normal(1e6, 3, ROWS)
    columns = {"x": x, "z": rng.normal(size=ROWS), "y": 2 * x + rng.normal(size=ROWS), "passed": (x + rng.normal(size=ROWS) > 1e6).astype(np.int64)}
    path = tmp_path_factory.mktemp("rows") / "big.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=GROUP)
    return finely(path)


def finely(path: Path) -> Source:
    """The file, in small parts."""
    before, sources.PART_ROWS = sources.PART_ROWS, sources.ALIGN
    try:
        return look(str(path))
    finally:
        sources.PART_ROWS = before


def after(run: Run, many: int, happens: Callable[[], object]) -> Run:
    """The run, in which something happens when so many answers are there."""

    def other(parts: Sequence[Part], ask: Ask) -> Iterator[Sums]:
        for k, sums in enumerate(run(parts, ask)):
            if k == many:
                happens()
            yield sums

    return other


# ---------------------------------------------------------------- the same digits


@pytest.mark.parametrize("features", [("x",), ("x", "z")])
def test_two_processes_give_the_digits_of_one(table: Source, run: Run, features: tuple[str, ...]) -> None:
    assert len(table.parts) == 13
    assert moments(table, features, "y", run=run) == moments(table, features, "y")


def test_many_columns_give_the_digits_of_one_process(tmp_path: Path, run: Run) -> None:
    X = np.random.default_rng(1).normal(3, 1, (70_000, 12))
    names = [f"x{k}" for k in range(12)]
    pq.write_table(pa.table({**dict(zip(names, X.T, strict=True)), "y": X.sum(axis=1)}), tmp_path / "wide.parquet", row_group_size=GROUP)
    source = finely(tmp_path / "wide.parquet")
    assert moments(source, names, "y", run=run) == moments(source, names, "y")


def test_a_csv_file_gives_the_digits_of_one_process(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CSV_BYTES", 2**16)
    x = np.random.default_rng(2).normal(size=20_000)
    (tmp_path / "big.csv").write_text("x,y\n" + "".join(f"{v!r},{3 * v!r}\n" for v in x.tolist()))
    source = look(str(tmp_path / "big.csv"))
    assert len(source.parts) > 4
    assert moments(source, ("x",), "y", run=run) == moments(source, ("x",), "y")


@pytest.mark.parametrize(("name", "features", "goal"), [("line-mse", ("x",), "y"), ("logistic-plane+log-loss", ("x", "z"), "passed")])
def test_a_fit_gives_the_digits_of_one_process(table: Source, run: Run, name: str, features: tuple[str, ...], goal: str) -> None:
    def found(by: Run) -> Any:
        study = streamed_study(symgd.derive(catalogue.problem(name)), table, features, goal, run=by)
        return fit_streamed(study, max_iterations=3)

    one, two = found(in_threads), found(run)
    assert repr(two.parameters) == repr(one.parameters)
    assert list(two.trace.losses) == list(one.trace.losses)


def test_an_answer_is_a_few_numbers_and_no_rows(table: Source) -> None:
    few, many = (answered(parts, ABOUT, None, workers._version()) for parts in (table.parts[:1], table.parts))
    assert many.rows == ROWS
    assert len(many.totals) == 1 + 2 + 3  # n, Σ r, Σ z, Σ r², Σ r z, Σ z²
    assert len(pickle.dumps(many)) < 700
    assert len(pickle.dumps(many)) - len(pickle.dumps(few)) < 64


def test_a_step_sends_the_parameters_and_the_function_only_once(table: Source, run: Any) -> None:
    asked: list[Ask] = []

    def spied(parts: Sequence[Part], ask: Ask) -> Iterator[Sums]:
        asked.append(ask)
        return iter(run(parts, ask))

    few, before = replace(table, parts=table.parts[:2], rows=2 * sources.ALIGN), len(run.sent)
    fit_streamed(streamed_study(symgd.derive(catalogue.problem("line-huber")), few, ("x",), "y", run=spied), max_iterations=3)
    steps = [ask for ask in asked if ask.what == "loss"]
    assert len(steps) >= 4
    assert len(run.sent) == before + 1
    assert max(len(pickle.dumps((table.parts[:1], replace(ask, function=None)))) for ask in steps) < 2_000 < len(pickle.dumps(steps[0].function))


# ---------------------------------------------------------------- what cannot be read


def test_the_first_of_several_rows_that_cannot_be_used_is_told_of_as_one_process_tells(tmp_path: Path, run: Run) -> None:
    y = np.zeros(150_000)
    y[[60_000, 120_000]] = np.nan
    pq.write_table(pa.table({"x": np.arange(150_000.0), "y": y}), tmp_path / "gaps.parquet", row_group_size=GROUP)
    source = finely(tmp_path / "gaps.parquet")
    told = []
    for by in (run, in_threads):
        with pytest.raises(DataError, match="row 60,001") as why:
            list(by(source.parts, ABOUT))
        told.append(str(why.value))
    assert told[0] == told[1]


def test_a_file_that_disappears_is_named(tmp_path: Path, table: Source, run: Run) -> None:
    path = tmp_path / "gone.parquet"
    shutil.copy(table.files[0].path, path)
    source = finely(path)
    with pytest.raises(DataError, match=r"gone\.parquet: No such file or directory: it was there when the reading began"):
        list(after(run, 2, path.unlink)(source.parts, ABOUT))


def test_a_file_that_only_a_worker_does_not_see_is_named_with_the_worker(tmp_path: Path, table: Source) -> None:
    shutil.copy(table.files[0].path, tmp_path / "here.parquet")
    source = finely(tmp_path / "here.parquet")
    (tmp_path / "here.parquet").unlink()
    with pytest.raises(DataError, match=r"here\.parquet: no such file on the worker .*; put it where every worker sees it under this path"):
        answered(source.parts, ABOUT, None, workers._version())


def test_a_worker_of_another_version_is_refused(table: Source) -> None:
    with pytest.raises(DataError, match=r"the worker on .* has symgd .*, you have 0\.0\.9; install the same one on all machines"):
        answered(table.parts[:1], ABOUT, None, "0.0.9")


# ---------------------------------------------------------------- who cannot be reached


@pytest.mark.parametrize("address", ["garbage", "", "ftp://host:1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ClusterLost, match="tcp://HOST:8786"), on_cluster(address):
        pytest.fail("connected")


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CONNECT", 0.5)
    with pytest.raises(ClusterLost, match=r"no Dask scheduler answers at 127\.0\.0\.1:9 "), on_cluster("127.0.0.1:9"):
        pytest.fail("connected")


def test_without_dask_one_sentence_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"pip install 'symgd\[dask\]'"), on_cluster("local"):
        pytest.fail("connected")


@dataclass
class Broken:
    """A future, and its client, that end in an error."""

    why: BaseException
    _start_arg: str = "tcp://host:1"

    def result(self, timeout: float) -> Sums:
        raise self.why


@pytest.mark.parametrize(
    ("why", "says"),
    [
        (distributed.KilledWorker("part", None, 3), "4 workers of tcp://host:1 died, one after the other, over the same rows; have they too little memory?"),
        (ModuleNotFoundError("No module named 'symgd'"), r"tcp://host:1 cannot run symgd \(No module named 'symgd'\); install symgd\[dask\]"),
        (RuntimeError("Error during deserialization of the task graph."), r"tcp://host:1 cannot read what symgd sends; install symgd\[dask\]"),
    ],
)
def test_what_goes_wrong_on_a_worker_is_said_in_a_sentence(table: Source, why: BaseException, says: str) -> None:
    with pytest.raises(ClusterLost, match=says):
        workers._refuse(Broken(why), table.parts[:1], Broken(why))


def test_an_error_of_the_program_stays_one(table: Source) -> None:
    with pytest.raises(ZeroDivisionError):
        workers._refuse(Broken(ZeroDivisionError()), table.parts[:1], Broken(ZeroDivisionError()))


def test_the_address_of_a_worker_is_told_from_that_of_a_scheduler(run: Any) -> None:
    worker = min(run.client.nthreads())
    with pytest.raises(ClusterLost, match="is a Dask worker; name the address of its scheduler"), on_cluster(worker):
        pytest.fail("connected")


# ---------------------------------------------------------------- the command


def test_the_command_prints_the_same_by_the_workers_of_a_cluster(cluster: Cluster, run: Run, table: Source, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["fit", table.files[0].path, "--feature", "x", "--target", "y", "--json"]
    assert main([*words, "--stream"]) == 0
    alone = capfd.readouterr()
    assert main([*words, "--dask", cluster.address]) == 0
    assert capfd.readouterr() == alone


def test_a_local_cluster_starts_ends_and_leaves_no_word(table: Source, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", table.files[0].path, "--feature", "x", "--target", "y", "--json", "--dask", "local"]) == 0
    out, err = capfd.readouterr()
    assert (json.loads(out)["rows"], err) == (ROWS, "")


def test_a_command_whose_scheduler_does_not_answer_ends_with_2_and_one_sentence(
    table: Source, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(room, "CONNECT", 0.5)
    report = tmp_path / "report.html"
    assert main(["fit", table.files[0].path, "--feature", "x", "--target", "y", "--dask", "127.0.0.1:9", "--report", str(report)]) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n"), report.exists()) == ("", 1, False)
    assert err.startswith("error: no Dask scheduler answers at 127.0.0.1:9")


# ---------------------------------------------------------------- who dies; the order of these is that of the story


def test_an_answer_that_is_lost_while_it_is_looked_at_is_waited_for(table: Source, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Future

    status, looks = Future.status, dict[str, int]()

    def as_lost(self: Any) -> str:
        """Every second look at an answer that is there finds that its worker is gone."""
        found: str = status.fget(self)
        if found != "finished" or sys._getframe(1).f_globals["__name__"] != workers.__name__:
            return found
        looks[self.key] = looks.get(self.key, 0) + 1
        return "finished" if looks[self.key] % 2 else "pending"

    monkeypatch.setattr(Future, "status", property(as_lost))
    assert moments(table, ("x",), "y", run=run) == moments(table, ("x",), "y")
    assert len(looks) > 2


def test_a_worker_that_is_killed_loses_nothing(cluster: Cluster, table: Source, run: Run) -> None:
    dying = after(run, 2, lambda: cluster.kill(cluster.workers[0]))
    assert moments(table, ("x",), "y", run=dying) == moments(table, ("x",), "y")


def test_when_all_workers_are_gone_it_is_said_and_nothing_hangs(cluster: Cluster, table: Source, run: Run) -> None:
    begun = time.monotonic()
    dying = after(run, 2, lambda: [cluster.kill(w) for w in cluster.workers if w.poll() is None])
    with pytest.raises(ClusterLost, match=rf"all workers of {cluster.address} are gone; start some \(dask worker {cluster.address}\)"):
        moments(table, ("x",), "y", run=dying)
    assert time.monotonic() - begun < 30


def test_a_scheduler_without_workers_is_refused(cluster: Cluster) -> None:
    with pytest.raises(ClusterLost, match="has no worker; start some"), on_cluster(cluster.address, patience=0.2):
        pytest.fail("connected")


def test_a_scheduler_that_is_gone_is_said(cluster: Cluster, table: Source, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    soon = threading.Timer(0.5, cluster.kill, (cluster.scheduler,))
    soon.start()
    with pytest.raises(ClusterLost, match=rf"the scheduler at {cluster.address} does not answer any more"):
        moments(table, ("x",), "y", run=run)
    soon.join()
    assert not caplog.records
