"""The benchmarks at tiny sizes: each runs, none times what does not agree, and the table says what was met, missed, lost and not built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.benchmarks import cold, compiled, fresh, gram, hoisting, layers, least, one_pass, small, stream, table, warm
from tests.benchmarks.__main__ import main
from tests.benchmarks.table import BEGIN, END, Row, in_readme, markdown, told
from tests.benchmarks.timing import Contestant, race

EACH: list[tuple[str, ModuleType, Callable[..., Iterator[Row]]]] = [
    ("P1", one_pass, one_pass.rows), ("P3", hoisting, hoisting.rows), ("P5", hoisting, hoisting.kept_rows), ("P6", small, small.rows),
    ("P8", gram, gram.rows), ("P9", layers, layers.network_rows), ("P10", layers, layers.loss_rows), ("P14", least, least.rows),
    ("P2", compiled, lambda *, tiny: compiled.rows(tiny=tiny, target="numpy")),
    ("P4", compiled, lambda *, tiny: compiled.iterations(tiny=tiny, target="numpy")),
]  # fmt: skip


@pytest.mark.parametrize(("module", "rows"), [x[1:] for x in EACH], ids=[x[0] for x in EACH])
def test_each_runs(module: ModuleType, rows: Callable[..., Iterator[Row]]) -> None:
    found = list(rows(tiny=True))
    assert found
    assert all(r.ours is not None and r.ours > 0 and r.unit for r in found)
    assert any(r.target is not None for r in found)


@pytest.mark.parametrize(("module", "rows"), [x[1:] for x in EACH], ids=[x[0] for x in EACH])
def test_what_does_not_agree_is_not_timed(module: ModuleType, rows: Callable[..., Iterator[Row]], monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(made: dict[str, Contestant], *rest: Any, **options: Any) -> Any:
        ours = made["ours"]
        wrong = Contestant(lambda *a: _moved(ours.run(*a)), ours.takes, ours.each, ours.judged)
        some = {"true": ours, **made} if len(made) == 1 else made
        return race({**some, "ours": wrong}, *rest, **options)

    monkeypatch.setattr(module, "race", spoiled)
    with pytest.raises(AssertionError, match="differs from"):
        list(rows(tiny=True))


def _moved(out: Any) -> Any:
    return [_moved(o) for o in out] if isinstance(out, tuple | list) else np.asarray(out, dtype=np.float64) * (1 + 1e-5)


def test_a_stream_runs_by_processes_of_its_own_and_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    speed, peak = stream.rows(tiny=True)
    assert speed.ours is not None
    assert speed.ours > 0
    assert (speed.target, speed.least, peak.target) == (20, True, 1.1)
    assert list(tmp_path.iterdir()) == []


def test_a_stream_that_comes_elsewhere_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stream.BODY, "ours", stream.BODY["ours"].replace("-m.anchor[0]", "-m.anchor[0] * (1 + 1e-13)"))
    with pytest.raises(AssertionError, match="ours differs from take_moments"):
        list(stream.rows(tiny=True))


def test_a_stream_without_room_on_the_disk_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ROOM", 10**12)
    assert [r.verdict for r in stream.rows(tiny=True)] == ["there is no room on the disk"]


def test_a_fresh_process_that_comes_elsewhere_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = fresh.rows(tiny=True)
    assert row.ours is not None
    assert row.ours > 0.5
    monkeypatch.setattr(fresh, "ENDS", fresh.ENDS.replace("0.01", "0.011"))
    with pytest.raises(AssertionError, match="ours"):
        list(fresh.rows(tiny=True))


def test_the_generated_text_of_a_fresh_process_imports_numpy_alone() -> None:
    assert "symgd" not in fresh.texts("data.npy")["ours"]


def test_the_cold_and_the_warm_times_have_targets() -> None:
    assert [r.target for r in (*cold.rows(tiny=True), *warm.rows(tiny=True))] == [1.25, 80, 40, None, None]


def test_a_target_that_is_not_there_is_said_to_be_not_built() -> None:
    (row,) = compiled.iterations(tiny=True, target="stone")
    assert row.verdict == "not built"
    assert not row.missed


def test_who_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "function", lambda _: None)
    monkeypatch.setattr(compiled, "peer", lambda _: None)
    assert [r.verdict for r in (*compiled.rows(tiny=True), *compiled.iterations(tiny=True))] == ["numba is not installed"] * 2


def test_the_race_takes_the_middle_of_its_rounds_and_scales_a_part() -> None:
    took = race({"once": Contestant(np.sum), "a tenth": Contestant(np.sum, each=10, judged=False)}, lambda k: (np.ones(20_000),))
    assert took["a tenth"] > 3 * took["once"] > 0


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row("a", 2.0, target=3), "met"),
        (Row("a", 4.0, target=3), "missed"),
        (Row("a", 4.0, target=3, least=True), "met"),
        (Row("a", 2.0, target=3, least=True), "missed"),
        (Row("a", 4.0, target=3, least=True, beside={"hand": 5.0, "JAX": 1.0}), "met, lost to hand"),
        (Row("a", 2.0, target=3, beside={"numba": 1.0, "JAX": 1.9}), "met, lost to numba"),
        (Row("a", 4.0, target=3, beside={"hand": 1.0, "JAX": 1.9}), "missed, lost to hand and JAX"),
        (Row("a", 4.0, beside={"hand": 4.1}), ""),
        (Row("a", None, target=3), "not built"),
    ],
)  # fmt: skip
def test_a_row_says(row: Row, verdict: str) -> None:
    assert row.verdict == verdict
    assert verdict in told("P0", row)


ROWS = [("P1", Row("one | two", 2.0, "reads", 3, beside={"numba": 1.0}, short=True)), ("P2", Row("three", None, "reads", 1)), ("P3", Row("four", 9.0, "ms", 5))]


def test_the_table_names_date_machine_and_what_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(table.PEERS, "torch", "no-such-package-of-anybody")
    text = markdown(ROWS, 2.0, "the command")
    assert "other jobs running" in text
    assert "not installed: " in text
    assert "torch" in text.splitlines()[0]
    assert "1 of 2 targets are met; missed: P3 (9 ms, not ≤ 5); without a value: P2 (not built)." in text
    assert "| P1 | one \\| two | reads | 2 | ≤ 3 | met, lost to numba | 1 |" in text


def test_readme_is_rewritten_between_its_marks_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n\n{BEGIN}\nold\n{END}\n\nafter\n", encoding="utf-8")
    in_readme(readme, ROWS, 0.0)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith(f"before\n\n{BEGIN}\nMeasured on ")
    assert text.endswith(f"{END}\n\nafter\n")
    assert "old" not in text
    assert text.count("| P") == 1
    assert "NumPy by hand" not in text
    readme.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="marks"):
        in_readme(readme, ROWS, 0.0)


def test_the_command_writes_its_table_and_its_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None, raising=False)
    for ours, status in ((1.0, 0), (99.0, 1)):
        monkeypatch.setattr(least, "rows", lambda ours=ours: iter([Row("exact", ours, "ms", 25)]))
        assert main(["P14", "--markdown", str(tmp_path / "table.md")]) == status
        assert ("missed" in capsys.readouterr().out) == bool(status)
    assert "| P14 | exact | ms | 99 | ≤ 25 | missed |" in (tmp_path / "table.md").read_text(encoding="utf-8")
