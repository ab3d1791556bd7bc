"""Tables bigger than memory: the same digits however they lie in files, row groups and workers; what cannot be used is refused with its place."""

from __future__ import annotations

import decimal
import itertools
import json
import math
import os
import pickle
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


import symgd
from symgd.cli import main
from symgd.numeric.bound import gram as grams
from symgd.numeric.bound.gram import gram
from symgd.numeric.bound.moments import PASSES, PIECE, Moments, take_moments
from symgd.numeric.data import table as tables
from symgd.numeric.data.columns import Target
from symgd.numeric.data.study import Study
from symgd.numeric.data.table import DataError
from symgd.numeric.fit import fit
from symgd.numeric.streamed import of_parquet, rows, source, whole
from symgd.numeric.streamed.asked import part_sums
from symgd.numeric.streamed.exact import exact, merged, rounded
from symgd.numeric.streamed.fit import fit_streamed
from symgd.numeric.streamed.loss import in_units, see_adds
from symgd.numeric.streamed.parts import ALIGN, Ask, Numbers, Part, Sums
from symgd.numeric.streamed.passes import all_sums, in_threads, moments
from symgd.numeric.streamed.source import look
from symgd.numeric.streamed.study import streamed_study

N = 3 * ALIGN + 1_234


def line(n: int = N, offset: float = 0.0, seed: int = 0) -> tuple[Any, Any]:
    draw = np.random.default_rng(seed)
    x = draw.normal(offset, 2.0, n)
    return x, 3.0 * x - 1.0 + draw.normal(0.0, 1.0, n)


def parquet(path: Path, columns: dict[str, Any], groups: Sequence[int] | int = 10_000) -> str:
    """A file of these columns, in row groups of the sizes given (the last takes the rest; a size may be 0)."""
    whole_table = pa.table(columns)
    sizes = itertools.chain(groups, [len(whole_table)]) if not isinstance(groups, int) else itertools.repeat(groups)
    with pq.ParquetWriter(path, whole_table.schema) as writer:
        at = 0
        for size in sizes:
            writer.write_table(whole_table.slice(at, size), row_group_size=max(size, 1))
            at += size
            if at >= len(whole_table):
                break
    return str(path)


def csv(path: Path, columns: dict[str, Any], end: str = "\n") -> str:
    lines = [",".join(columns), *(",".join(map(_cell, row)) for row in zip(*columns.values(), strict=True))]
    path.write_bytes((end.join(lines) + end).encode())
    return str(path)


def _cell(v: Any) -> str:
    return repr(float(v)) if isinstance(v, float | np.floating) else str(v)


def in_memory(x: Any, y: Any) -> Any:
    return take_moments(lambda *c: c, [np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64)])


def studied(path: str, name: str = "line-mse", features: Sequence[str] = ("x",), target: str = "y", **options: Any) -> Any:
    return streamed_study(symgd.derive(symgd.problem(name)), look(path), features, target, **options)


def totals(paths: str | list[str], drop: bool = False) -> Any:
    """Every digit of the sums, those beyond a double too."""
    ask = Ask("flat", (Numbers("x"), Numbers("y")), (), drop, ((0.3, 0.7), (-1.1,)))
    return all_sums(look(paths), ask).totals


def said(path: Any, *words: str, features: Sequence[str] = ("x",), target: str = "y", capsys: Any) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of `symgd fit`."""
    status = main(["fit", str(path), *(w for f in features for w in ("--feature", f)), "--target", target, *words])
    out = capsys.readouterr()
    return status, out.out, out.err


# ---------------------------------------------------------------- exact sums


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64).filter(lambda v: abs(v) < 1e300), max_size=40), st.randoms())
def test_an_exact_sum_is_the_sum_of_the_fractions_and_the_same_in_any_order_and_grouping(values: list[float], chance: random.Random) -> None:
    found = exact(values)
    assert sum(map(Fraction, found), Fraction(0)) == sum(map(Fraction, values), Fraction(0))
    assert rounded(found) == math.fsum(values)
    shuffled = chance.sample(values, len(values))
    cut = chance.randint(0, len(values))
    two = [Sums(1, 0, (exact(shuffled[:cut]),)), Sums(1, 0, (exact(shuffled[cut:]),))]
    assert merged(two).totals == (found,)


@pytest.mark.parametrize("values", [[math.inf, 1.0], [math.nan], [math.inf, -math.inf], [1e308, 1e308, 1e308]])
def test_a_sum_that_is_not_finite_says_so_and_ends(values: list[float]) -> None:
    assert not math.isfinite(rounded(exact(values)))
    assert not math.isfinite(rounded(merged([Sums(1, 0, (exact(values),)), Sums(1, 0, (exact([1.0]),))]).totals[0]))


def test_of_a_word_that_stands_twice_the_first_place_is_kept_in_any_order() -> None:
    first, second = Sums(0, 0, (), {"a": (0, 9, "row 10"), "b": (0, 10, "row 11")}), Sums(0, 0, (), {"a": (1, 0, "row 90")})
    assert merged((first, second)).words == merged((second, first)).words == first.words


# ---------------------------------------------------------------- the same digits


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.integers(0, 5), st.integers(1_000, 40_000)), min_size=1, max_size=6), st.booleans())
def test_any_splitting_into_row_groups_and_files_gives_the_same_digits(tmp_path: Path, sizes: list[int], two: bool) -> None:
    x, y = line(offset=1e8)
    plain = moments(look(parquet(tmp_path / "plain.parquet", {"x": x, "y": y}, N)), ["x"], "y")
    if two:
        half = 20_001
        paths = [parquet(tmp_path / f"{k}.parquet", {"x": x[s], "y": y[s]}, sizes) for k, s in enumerate((slice(0, half), slice(half, None)))]
    else:
        paths = [parquet(tmp_path / "cut.parquet", {"x": x, "y": y}, sizes)]
    assert moments(look(paths), ["x"], "y") == plain
    assert totals(paths) == totals(str(tmp_path / "plain.parquet"))


def test_pieces_are_the_same_however_many_rows_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(4)
    found = look(parquet(tmp_path / "t.parquet", {c: draw.normal(1e3, 1.0, 120_000) for c in "abc"}, 30_000))
    ask = Ask("flat", tuple(map(Numbers, "abc")), (), False, ((0.3, 0.7, 0.1), (-1.1, 0.2)))
    at_once = all_sums(found, ask).totals
    monkeypatch.setattr(source, "PART_ROWS", ALIGN)
    assert all_sums(look(str(tmp_path / "t.parquet")), ask).totals == at_once


@pytest.mark.parametrize("groups", [1_000, 7_777, ALIGN, N])
def test_parts_begin_at_multiples_of_align_and_hold_every_row_once(tmp_path: Path, groups: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PART_ROWS", ALIGN)
    found = look(parquet(tmp_path / "t.parquet", {"k": np.arange(float(N)), "y": np.zeros(N)}, groups))
    ask = Ask("flat", (Numbers("k"),))
    seen = [np.concatenate([r.values[0] for r in rows.read(p, ask)]) for p in found.parts]
    assert np.array_equal(np.concatenate(seen), np.arange(float(N)))
    assert all(v[0] % ALIGN == 0 for v in seen)
    assert len(found.parts) > 1 or groups == N


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_order_and_number_of_workers_change_no_digit(tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PART_ROWS", ALIGN)
    x, y = line(offset=1e6)
    found = look(parquet(tmp_path / "t.parquet", {"x": x, "y": y}, 5_000))
    assert len(found.parts) == 4

    def shuffled(parts: Sequence[Part], ask: Ask) -> Iterator[Sums]:
        some = random.Random(workers).sample(list(parts), len(parts))
        yield merged([part_sums(p, ask) for p in some[2:]])
        yield merged([part_sums(p, ask) for p in some[:2]])

    plain = moments(found, ["x"], "y", run=lambda parts, ask: (part_sums(p, ask) for p in parts))
    assert moments(found, ["x"], "y", run=lambda parts, ask: in_threads(parts, ask, workers)) == plain
    assert moments(found, ["x"], "y", run=shuffled) == plain


def test_a_part_and_an_ask_go_through_pickle_and_come_to_the_same_digits(tmp_path: Path) -> None:
    x, y = line()
    found = look(parquet(tmp_path / "t.parquet", {"x": x, "y": y}))
    f = symgd.compile(symgd.derive(symgd.problem("logistic+squared")))
    for ask in (
        Ask("flat", (Numbers("x"), Numbers("y")), (), False, ((0.0, 0.0), (0.0,))),
        Ask("loss", (Numbers("x"), Numbers("y")), (), False, (((0.0, 1.0),), (0.5, 0.25), True), f),
    ):
        again = pickle.loads(pickle.dumps((found.parts[0], ask)))
        assert part_sums(*again) == part_sums(found.parts[0], ask)


def close(a: Any, b: Any, rtol: float = 4e-16) -> None:
    assert a.n == b.n
    assert a.means == pytest.approx(b.means, rel=rtol)
    assert np.array(a.S) == pytest.approx(np.array(b.S), rel=rtol)
    assert pytest.approx(b.R, rel=8 * rtol) == a.R


@pytest.mark.parametrize("offset", [0.0, 1e8, -3e12])
def test_the_moments_are_those_of_the_arrays(tmp_path: Path, offset: float) -> None:
    x, y = line(offset=offset)
    found = moments(look(parquet(tmp_path / "t.parquet", {"x": x, "y": y})), ["x"], "y")
    close(found, in_memory(x, y))
    exact_x = [Fraction(v) for v in x.tolist()]
    mean = sum(exact_x) / N
    assert found.S[0][0] == pytest.approx(float(sum((v - mean) ** 2 for v in exact_x)), rel=4e-16)


def test_sorted_data_with_an_outlier_first_take_another_pass_and_keep_their_digits(tmp_path: Path) -> None:
    x = np.sort(line(offset=1e8)[0])
    y = x / 3
    x[0] = y[0] = 1e12
    found = moments(look(parquet(tmp_path / "t.parquet", {"x": x, "y": y})), ["x"], "y")
    assert 1 < found.passes <= PASSES
    exact_x = [Fraction(v) for v in x.tolist()]
    mean = sum(exact_x) / N
    assert found.S[0][0] == pytest.approx(float(sum((v - mean) ** 2 for v in exact_x)), rel=4e-15)  # one square of 1e24 rounds what is added to it
    assert pytest.approx(0.0, abs=1e-9 * found.S[0][0]) == found.R


@pytest.mark.parametrize("many", [9, 40])
def test_many_columns_go_by_a_gram_matrix_that_is_the_one_of_the_array(tmp_path: Path, many: int) -> None:
    draw = np.random.default_rng(1)
    X = draw.normal(100.0, 1.0, (N, many))
    y = X @ draw.normal(size=many) + draw.normal(size=N)
    names = [f"c{k}" for k in range(many)]
    columns = {n: np.ascontiguousarray(c) for n, c in zip(names, X.T, strict=True)} | {"y": y}
    found = moments(look(parquet(tmp_path / "t.parquet", columns, 9_000)), names, "y")
    held = gram(y, X)
    assert np.array(found.S) == pytest.approx(np.array(held.S), rel=1e-13)
    assert pytest.approx(held.R, rel=1e-12) == found.R
    assert moments(look(parquet(tmp_path / "u.parquet", columns, 4_321)), names, "y") == found


def test_few_columns_are_summed_pair_by_pair_and_many_by_blocks(tmp_path: Path) -> None:
    columns = {f"c{k}": np.random.default_rng(k).normal(size=100) for k in range(9)}
    path, asked_for = parquet(tmp_path / "t.parquet", columns), list[str]()

    def run(parts: Sequence[Part], ask: Ask) -> Iterator[Sums]:
        asked_for.append(ask.what)
        yield from in_threads(parts, ask)

    for many in (7, 8):
        moments(look(path), [f"c{k}" for k in range(many)], "c8", run=run)
    assert asked_for == ["flat", "gram"]


def test_moments_in_other_units_stand_where_the_rounded_anchor_stands() -> None:
    plain = Moments(4.0, 0.0, (0.1,), (0.0,), ((5.0,),), (0.0,), 0.0, 1.0)
    found = in_units(plain, 1, [1], [(0.0, 0.7)])
    moved = float(Fraction(found.anchor[0]) - Fraction(0.1) * Fraction(0.7))
    assert moved != 0
    assert found.g[0] == pytest.approx(5 / 0.49 * moved, rel=1e-12, abs=0.0)


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("scaling", [(0.0, 1.0), (900.0, 7.0), (1e3, 0.3)])
def test_moments_in_other_units_are_those_of_the_columns_in_them(turn: int, sign: int, scaling: tuple[float, float]) -> None:
    x, y = line(500, 1e3)
    m = in_units(in_memory(x, y), turn, [sign], [scaling])
    for a, b in ((0.0, 0.0), (2.0, -30.0), (-0.5, 4.0)):
        d, d0 = a - m.anchor[0], b - m.constant
        found = m.n * (m.mean + d0 + m.means[0] * d) ** 2 + m.R + d * (2 * m.g[0] + m.S[0][0] * d)
        assert found == pytest.approx(float(np.sum((turn * y + a * sign * (x - scaling[0]) / scaling[1] + b) ** 2)), rel=1e-11)


def test_a_row_group_that_ends_before_its_footer_says_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = line(5_000)
    found = look(parquet(tmp_path / "t.parquet", {"x": x, "y": y}))
    real = of_parquet.opened

    class Short:
        def __init__(self, *words: Any) -> None:
            self.metadata = real(words[0]).metadata
            self.batches = list(real(words[0]).iter_batches(1_000))

        def iter_batches(self, *_: Any, **__: Any) -> Iterator[Any]:
            yield from self.batches[:-1]

    monkeypatch.setattr(of_parquet, "opened", Short)
    with pytest.raises(DataError, match=r"row group 1 ends before its .* rows, of which the footer tells"):
        moments(found, ["x"], "y")


# ---------------------------------------------------------------- CSV


@pytest.mark.parametrize("size", [300, 4_096, 2**20])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_file_has_the_rows_of_the_array_wherever_its_bytes_are_cut(tmp_path: Path, size: int, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CSV_BYTES", size)
    x, y = line(2_000, 1e6)
    found = look(csv(tmp_path / "t.csv", {"x": x, "y": y}, end))
    ask = Ask("flat", (Numbers("x"), Numbers("y")), found.dialect)
    seen = np.hstack([r.values for p in found.parts for r in rows.read(p, ask)])
    assert np.array_equal(seen, np.array([x, y]))
    close(moments(found, ["x"], "y"), in_memory(x, y), 1e-15)


def test_a_csv_file_without_pyarrow_is_read_by_hand_to_the_same_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = line(3_000)
    path = csv(tmp_path / "t.csv", {"x": x, "y": y})
    plain = moments(look(path), ["x"], "y")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert moments(look(path), ["x"], "y") == plain


def test_quoted_cells_are_read_and_one_that_goes_on_in_the_next_line_is_refused_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CSV_BYTES", 40)
    path = tmp_path / "t.csv"
    rows_of = [f'"{k}.5",{k},"a, {k}"' for k in range(40)]
    path.write_text("\n".join(["x,y,s", *rows_of]) + "\n")
    assert moments(look(str(path)), ["x"], "y").means == (20.0,)
    for at in range(40):
        spoiled_rows = [*rows_of[:at], f'{at},{at},"a', "1,2,3", 'b"', *rows_of[at + 1 :]]
        path.write_text("\n".join(["x,y,s", *spoiled_rows]) + "\n")
        with pytest.raises(DataError, match=f"t.csv:{at + 2}: a quoted cell goes on in the next line"):
            moments(look(str(path)), ["x"], "y")


def test_blank_lines_spaces_signs_and_a_last_line_without_an_end_are_read_as_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n1, +2\n\n 2.5 ,.5\n\n-3e0,4.\n7,1")
    held = tables.read_csv(path, ["x", "y"])
    ask = Ask("flat", (Numbers("x"), Numbers("y")), look(str(path)).dialect)
    seen = np.hstack([r.values for p in look(str(path)).parts for r in rows.read(p, ask)])
    assert np.array_equal(seen, np.array([held["x"], held["y"]]))


# ---------------------------------------------------------------- fits


def in_memory_fit(columns: dict[str, Any], name: str, features: Sequence[str], target: Target | str = "y", **options: Any) -> Any:
    goal = Target(columns[target]) if isinstance(target, str) else target
    X = np.column_stack([columns[c] for c in features or ["x"]])[:, : len(features)]
    return fit(Study(symgd.derive(symgd.problem(name)), tuple(features), X, "y", goal), **options)


def table(n: int = 20_000, seed: int = 3) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    x, z = draw.normal(1e3, 10.0, n), draw.normal(-3.0, 2.0, n)
    return {"x": x, "z": z, "y": 2 * x - z + draw.normal(0.0, 1.0, n)}


FITS = [
    ("line-mse", ("x",), {}), ("plane-mse", ("x", "z"), {}), ("plane-mse", ("x", "z"), {"standardise": False, "rate": 1e-7, "max_iterations": 50}),
    ("polynomial-2+squared", ("z",), {}), ("proportional-mse", ("x",), {}), ("plane+squared+ridge", ("x", "z"), {}),
    ("line-huber", ("x",), {"rate": 0.5, "max_iterations": 40}), ("line+log-cosh", ("z",), {"rate": 0.1, "max_iterations": 40}),
    ("constant-mse", (), {}), ("polynomial-3+squared", ("x",), {"max_iterations": 5}),
    ("line-mse", ("x",), {"method": "momentum", "rate": 0.1, "momentum": 0.5}), ("line-mae", ("z",), {"rate": 0.1, "max_iterations": 20}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "features", "options"), FITS)
def test_a_streamed_fit_is_the_fit_of_the_arrays(tmp_path: Path, name: str, features: Sequence[str], options: dict[str, Any]) -> None:
    columns = table()
    study = studied(parquet(tmp_path / "t.parquet", columns, 3_000), name, features)
    found, held = fit_streamed(study, **options), in_memory_fit(columns, name, features, **options)
    assert (found.trace.stopped, found.trace.iterations) == (held.trace.stopped, held.trace.iterations)
    assert found.trace.rates.bound == pytest.approx(held.trace.rates.bound, rel=1e-12, nan_ok=True)
    for p, v in held.parameters.items():
        assert found.parameters[p] == pytest.approx(v, rel=1e-11, abs=1e-9)
    assert found.trace.loss == pytest.approx(held.trace.loss, rel=1e-12)
    assert found.outcome.r_squared == pytest.approx(held.outcome.r_squared, rel=1e-11)
    assert (found.closed is None) == (held.closed is None)
    for p, v in (held.closed or {}).items():
        assert found.closed[p] == pytest.approx(v, rel=1e-11, abs=1e-10)
    assert found.agrees == held.agrees
    assert ("not in exact arithmetic" in found.why_not) == (found.closed is not None)


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e8])
def test_the_closed_form_from_the_moments_is_the_exact_one_to_rounding(tmp_path: Path, offset: float) -> None:
    x, y = line(20_000, offset)
    found = fit_streamed(studied(parquet(tmp_path / "t.parquet", {"x": x, "y": y})))
    held = in_memory_fit({"x": x, "y": y}, "line-mse", ["x"])
    assert held.why_not == ""
    assert found.closed["w"] == pytest.approx(held.closed["w"], rel=1e-15)
    assert found.closed["b"] == pytest.approx(held.closed["b"], rel=1e-15, abs=1e-15 * offset)
    assert found.agrees


def test_a_small_penalty_stays_in_the_closed_form(tmp_path: Path) -> None:
    x, y = line(2_000)
    ridge = symgd.problem("line-ridge")
    problem = replace(ridge, constants=tuple((c, Fraction(1, 10**8)) for c, _ in ridge.constants))
    path = parquet(tmp_path / "t.parquet", {"x": x, "y": y})
    found = fit_streamed(streamed_study(symgd.derive(problem), look(path), ["x"], "y"))
    held = fit(Study(symgd.derive(problem), ("x",), x[:, None], "y", Target(y)))
    assert found.closed["w"] == pytest.approx(held.closed["w"], rel=1e-13)


def test_a_line_costs_one_pass_whatever_its_steps(tmp_path: Path) -> None:
    x, y = line(5_000)
    asked_for: list[str] = []

    def run(parts: Sequence[Part], ask: Ask) -> Iterator[Sums]:
        asked_for.append(ask.what)
        yield from in_threads(parts, ask)

    fit_streamed(studied(parquet(tmp_path / "t.parquet", {"x": x, "y": y}), run=run), rate=1e-3, max_iterations=500)
    assert asked_for == ["flat"]
    fit_streamed(studied(str(tmp_path / "t.parquet"), "polynomial-2+squared", run=run), max_iterations=5)
    assert asked_for[1:] == ["flat", "columns", "outcome"]


def test_classes_are_counted_first_and_every_row_is_judged(tmp_path: Path) -> None:
    columns = table()
    middle = float(np.median(columns["y"]))
    words = np.where(columns["y"] + 3 * np.sin(np.arange(20_000)) > middle, "yes", "no")
    path = parquet(tmp_path / "t.parquet", {**columns, "c": words}, 3_000)
    options: dict[str, Any] = {"max_iterations": 30}
    found = fit_streamed(studied(path, "logistic-plane+log-loss", ("x", "z"), "c"), **options)
    goal = Target((words == "yes").astype(np.float64), ("no", "yes"))
    held = in_memory_fit(columns, "logistic-plane+log-loss", ("x", "z"), goal, **options)
    assert found.trace.rate == pytest.approx(held.trace.rate, rel=1e-12)  # the bound that holds for all weights, from a few rows with the same products
    assert found.trace.rates.says == held.trace.rates.says
    assert found.parameters["w"] == pytest.approx(held.parameters["w"], rel=1e-9)
    assert found.outcome.confusion == held.outcome.confusion


def test_softmax_takes_classes_and_categories_from_all_rows(tmp_path: Path) -> None:
    columns = table(6_000)
    k = np.array(["b", "a", "c"])[np.arange(6_000) % 3]
    group = np.where(np.arange(6_000) < 5_500, "north", "south")
    path = parquet(tmp_path / "t.parquet", {**columns, "k": k, "g": group}, 1_000)
    study = studied(path, "softmax-cross-entropy", ("x", "g"), "k", categories=["g"])
    assert study.names == ("x", "g=south")
    assert study.goal.classes == ("a", "b", "c")
    found = fit_streamed(study, max_iterations=5)
    assert sum(map(sum, found.outcome.confusion)) == 6_000
    X = np.column_stack([columns["x"], (group == "south").astype(float)])
    goal = Target(np.eye(3)[np.searchsorted(["a", "b", "c"], k)], ("a", "b", "c"))
    held = fit(Study(symgd.derive(symgd.problem("softmax-cross-entropy")), study.names, X, "k", goal), max_iterations=5, rate=found.trace.rate)
    assert found.trace.loss == pytest.approx(held.trace.loss, rel=1e-12)


def test_rows_with_missing_values_are_left_out_when_told_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = line()
    gaps = np.arange(N) % 7 == 3
    kept = [None if g else v for g, v in zip(gaps.tolist(), x.tolist(), strict=True)]
    y[11] = math.nan
    path = parquet(tmp_path / "t.parquet", {"x": pa.array(kept), "y": y})
    study = studied(path, drop=True)
    rest = ~gaps & np.isfinite(y)
    assert study.rows == rest.sum()
    close(study.whole, in_memory(x[rest], y[rest]), 1e-15)
    assert any(f"{N - rest.sum():,} rows with missing values left out" in note for note in study.notes)
    before = totals(path, drop=True)
    monkeypatch.setattr(source, "PART_ROWS", ALIGN)
    again = parquet(tmp_path / "u.parquet", {"x": pa.array(kept), "y": y}, 4_321)
    assert totals(again, drop=True) == before
    assert studied(again, drop=True).whole == study.whole


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_part_in_which_every_row_is_left_out_counts_for_nothing(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PART_ROWS", ALIGN)
    monkeypatch.setattr(source, "CSV_BYTES", 2**16)
    x, y = line(3 * ALIGN)
    x[ALIGN : 2 * ALIGN] = math.nan
    path = parquet(tmp_path / "t.parquet", {"x": x, "y": y}, ALIGN) if form == "parquet" else csv(tmp_path / "t.csv", {"x": x, "y": y})
    study = studied(path, drop=True)
    rest = np.isfinite(x)
    close(study.whole, in_memory(x[rest], y[rest]), 1e-15)
    assert any(f"{ALIGN:,} rows with missing values left out" in note for note in study.notes)
    x[:] = math.nan
    with pytest.raises(DataError, match=r"no row of numbers \(49,152 rows with missing values dropped\)"):
        studied(parquet(tmp_path / "n.parquet", {"x": x, "y": y}), drop=True)


LET = ("y_hat = w*x + b", "u = y_hat - y")


@pytest.mark.parametrize("words", ["sum(sqrt(1 + u^2)) + w^2", "sum(sqrt(1 + u^2))/n^2", "mean(sqrt(1 + u^2)) + w^2/n", "(mean(sqrt(1 + u^2)))^2"])
def test_an_objective_that_is_no_mean_over_the_rows_is_refused(words: str) -> None:
    problem = symgd.Problem.from_text(LET, parameters="w b", data="x y", objective=words)
    with pytest.raises(DataError, match="no mean over the rows"):
        see_adds(symgd.compile(symgd.derive(problem)))


@pytest.mark.parametrize("words", ["sum(sqrt(1 + u^2))", "mean(sqrt(1 + u^2))/2 + w^2"])
def test_a_mean_with_a_penalty_and_a_sum_are_that_of_all_rows(tmp_path: Path, words: str) -> None:
    x, y = line()
    problem = symgd.Problem.from_text(LET, parameters="w b", data="x y", objective=words)
    study = streamed_study(symgd.derive(problem), look(parquet(tmp_path / "t.parquet", {"x": x, "y": y})), ["x"], "y")
    f = symgd.compile(study.gradient)
    assert study.bound(f).loss_and_gradient(0.5, 2.0)[0] == pytest.approx(f.loss(0.5, 2.0, x=x, y=y), rel=1e-14)
    assert study.bound(f).gradient(0.5, 2.0) == pytest.approx(f.gradient(0.5, 2.0, x=x, y=y), rel=1e-12)


def test_newton_on_a_stream_takes_its_second_derivatives_by_differences(tmp_path: Path) -> None:
    columns = table(4_000)
    y = np.where(columns["z"] + 2 * np.sin(np.arange(4_000)) > -3, "yes", "no")
    path = parquet(tmp_path / "t.parquet", {**columns, "c": y})
    found = fit_streamed(studied(path, "logistic-log-loss", ("z",), "c"), method="newton", max_iterations=20)
    held = in_memory_fit(columns, "logistic-log-loss", ("z",), Target((y == "yes").astype(float), ("no", "yes")), method="newton")
    assert held.trace.stopped == "converged"
    assert found.parameters == pytest.approx(held.parameters, rel=1e-9)


def test_the_door_of_python_gives_the_fit_and_shows_it(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", table(2_000))
    found, held = (symgd.fit(path, features=["x", "z"], target="y", stream=stream) for stream in (True, False))
    assert found.closed["w"] == pytest.approx(held.closed["w"], rel=1e-12)
    assert "Converged" in repr(found)
    assert "closed form" in repr(found)
    with pytest.raises(DataError, match="there is no column 'q'"):
        symgd.fit(path, features=["q"], target="y")
    with pytest.raises(ValueError, match="both target and feature"):
        symgd.fit(path, features=["y"], target="y")


# ---------------------------------------------------------------- what cannot be used


def refused(path: Any, *words: str, capsys: Any, **options: Any) -> str:
    """The one sentence with which it is refused."""
    status, out, err = said(path, "--stream", *words, capsys=capsys, **options)
    assert status == 2
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    return err


def spoiled(path: Path, name: str, value: Any, row: int = 25_000) -> str:
    x, y = line(30_000)
    columns: dict[str, Any] = {"x": x.tolist(), "y": y.tolist()}
    columns[name][row] = value
    return parquet(path, {k: pa.array(v) for k, v in columns.items()}, 7_000)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("x", None, "t.parquet: row 25,001: column 'x': a value is missing ('null'); fill it, or drop such rows"),
        ("y", math.nan, "t.parquet: row 25,001: column 'y': a value is missing ('nan'); fill it, or drop such rows"),
        ("x", math.inf, "t.parquet: row 25,001: column 'x': inf is not finite"),
        ("y", -math.inf, "t.parquet: row 25,001: column 'y': -inf is not finite"),
        ("x", 1e200, "t.parquet: row 25,001: column 'x': 1e+200 is larger than 1e+150 in magnitude"),
        ("y", 2e150, "t.parquet: row 25,001: column 'y': 2e+150 is larger than 1e+150 in magnitude"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_by_file_row_and_column(tmp_path: Path, name: str, value: Any, says: str, capsys: Any) -> None:
    assert says in refused(spoiled(tmp_path / "t.parquet", name, value), capsys=capsys)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("abc", "t.csv:25002: column 'x': 'abc' is not a number"), ("1_000", "'1_000' is not a number"), ("0x10", "'0x10' is not a number"),
        ("", "t.csv:25002: column 'x': a value is missing ('')"), ("inf", "'inf' is not finite"), ("1e400", "'1e400' is larger than 1e+150"),
        ("1,5", "t.csv:25002: 3 cells, where the header names 2 columns"), ("1e200", "'1e200' is larger than 1e+150"), ("NaN", "a value is missing ('NaN')"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("by_hand", [False, True])
def test_text_in_the_last_rows_of_a_csv_file_is_named_by_line_and_column(
    tmp_path: Path, cell: str, says: str, by_hand: bool, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "CSV_BYTES", 2**18)
    x, y = line(25_010)
    cells = [repr(v) for v in x.tolist()]
    cells[25_000] = cell
    if by_hand:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert says in refused(csv(tmp_path / "t.csv", {"x": cells, "y": y}), capsys=capsys)


def test_a_truncated_file_is_told_of(tmp_path: Path, capsys: Any) -> None:
    x, y = line(30_000)
    path = Path(parquet(tmp_path / "t.parquet", {"x": x, "y": y}))
    path.write_bytes(path.read_bytes()[:-100])
    assert "t.parquet: this is no whole Parquet file; was it cut short?" in refused(path, capsys=capsys)


def test_a_damaged_row_group_is_named(tmp_path: Path, capsys: Any) -> None:
    x, y = line(30_000)
    path = Path(parquet(tmp_path / "t.parquet", {"x": x, "y": y}, 10_000))
    raw = bytearray(path.read_bytes())
    where = pq.ParquetFile(path).metadata.row_group(2).column(0).dictionary_page_offset
    raw[where : where + 400] = b"\xff" * 400
    path.write_bytes(raw)
    assert re.search(r"t.parquet: row group 3 \(from row 20,001\) cannot be read; is the file damaged\?", refused(path, capsys=capsys))


def test_an_empty_file_no_rows_and_no_column_of_that_name_are_told_of(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "e.parquet").write_bytes(b"")
    assert "the file is empty" in refused(tmp_path / "e.parquet", capsys=capsys)
    (tmp_path / "e.csv").write_bytes(b"")
    assert "the file is empty" in refused(tmp_path / "e.csv", capsys=capsys)
    (tmp_path / "h.csv").write_bytes(b"x,y\n")
    assert "there is a header but no row of numbers" in refused(tmp_path / "h.csv", capsys=capsys)
    none = parquet(tmp_path / "n.parquet", {"x": np.zeros(0), "y": np.zeros(0)})
    assert "there are columns but no row" in refused(none, capsys=capsys)
    some = parquet(tmp_path / "s.parquet", {"xx": np.arange(5.0), "y": np.arange(5.0)})
    assert "there is no column 'x'; did you mean 'xx'?" in refused(some, capsys=capsys)
    assert "No such file" in refused(tmp_path / "gone.parquet", capsys=capsys)
    assert "no file is called so" in refused(tmp_path / "gone*.parquet", capsys=capsys)


def test_row_groups_without_rows_are_passed_over(tmp_path: Path) -> None:
    x, y = line(20_000)
    plain = moments(look(parquet(tmp_path / "p.parquet", {"x": x, "y": y})), ["x"], "y")
    path = parquet(tmp_path / "z.parquet", {"x": x, "y": y}, [0, 3, 0, 0, 9_000, 0])
    assert 0 in [pq.ParquetFile(path).metadata.row_group(g).num_rows for g in range(pq.ParquetFile(path).num_row_groups)]
    assert moments(look(path), ["x"], "y") == plain


KINDS = [
    ("int8", pa.int8()), ("int64", pa.int64()), ("uint16", pa.uint16()), ("float32", pa.float32()), ("float64", pa.float64()),
    ("decimal", pa.decimal128(12, 3)), ("dictionary", pa.dictionary(pa.int32(), pa.float64())),
]  # fmt: skip


@pytest.mark.parametrize("kind", [k for _, k in KINDS], ids=[n for n, _ in KINDS])
def test_every_type_of_number_is_taken(tmp_path: Path, kind: Any) -> None:
    whole_numbers = np.random.default_rng(5).integers(0, 100, N)
    values: Any = [decimal.Decimal(v) for v in whole_numbers.tolist()] if pa.types.is_decimal(kind) else whole_numbers.astype(float)
    column = pa.array(values).dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else pa.array(values).cast(kind)
    y = 2.0 * whole_numbers + line()[0]
    found = moments(look(parquet(tmp_path / "t.parquet", {"x": column, "y": y})), ["x"], "y")
    assert found == moments(look(parquet(tmp_path / "u.parquet", {"x": whole_numbers.astype(float), "y": y}, 777)), ["x"], "y")


def test_a_bool_is_0_or_1_and_other_types_are_refused_by_name(tmp_path: Path, capsys: Any) -> None:
    n = 1_000
    b = np.arange(n) % 3 == 0
    columns = {"x": b, "t": pa.array(np.arange(n)).cast(pa.timestamp("s")), "s": ["a", "b"] * (n // 2), "y": np.arange(float(n))}
    path = parquet(tmp_path / "t.parquet", columns)
    assert moments(look(path), ["x"], "y").means == (b.mean(),)
    assert "column 't' holds timestamp[" in refused(path, features=("t",), capsys=capsys)
    assert "column 's' holds text; numbers are needed; if it is a category, take it with --one-hot s" in refused(path, features=("s",), capsys=capsys)


def test_another_type_in_a_later_file_is_named(tmp_path: Path, capsys: Any) -> None:
    parquet(tmp_path / "a.parquet", {"x": np.arange(9.0), "y": np.arange(9.0)})
    parquet(tmp_path / "b.parquet", {"x": ["1", "2"], "y": [1.0, 2.0]})
    assert re.search(r"b.parquet: column 'x' holds text; in .*a.parquet it holds number", refused(tmp_path, capsys=capsys))


@pytest.mark.parametrize("value", [0.1, 1e16, 0.0])
def test_a_constant_column_is_refused_and_one_that_hardly_varies_is_not(tmp_path: Path, value: float, capsys: Any) -> None:
    x, y = np.full(20_000, value), line(20_000)[1]
    assert f"the column 'x' is constant ({value:g} in every row)" in refused(parquet(tmp_path / "t.parquet", {"x": x, "y": y}), capsys=capsys)
    x[19_999] = np.nextafter(value, 1e300) if value else 1e-3
    assert studied(parquet(tmp_path / "u.parquet", {"x": x, "y": y})).rows == 20_000


def test_too_few_rows_are_refused_as_in_memory(tmp_path: Path, capsys: Any) -> None:
    assert "1 row cannot determine 2 parameters" in refused(parquet(tmp_path / "t.parquet", {"x": [1.0], "y": [2.0]}), capsys=capsys)


@pytest.mark.parametrize(("a", "b", "says"), [(1, 2, "s ≈ x + 2 z"), (1, -1, "s ≈ x − z"), (0.1, 0.7, "s ≈ 0.1 x + 0.7 z"), (3, 0.25, "s ≈ 3 x + 0.25 z")])
@pytest.mark.parametrize("n", [5_000, 9_000])
def test_columns_that_are_combinations_of_others_are_told_of(tmp_path: Path, a: float, b: float, says: str, n: int) -> None:
    columns = table(n)
    study = studied(parquet(tmp_path / "t.parquet", {**columns, "s": a * columns["x"] + b * columns["z"]}), "plane-mse", ("x", "z", "s"))
    assert [str(r) for r in study.relations] == [says]
    found = fit_streamed(study, max_iterations=3)
    assert found.closed is None
    assert "do not determine one solution" in found.why_not


def test_a_count_that_is_none_is_named_by_its_row(tmp_path: Path, capsys: Any) -> None:
    y = np.random.default_rng(2).poisson(3.0, 20_000).astype(float)
    y[17_000] = 2.5
    path = parquet(tmp_path / "t.parquet", {"x": np.arange(20_000.0), "y": y})
    said_so = refused(path, "--problem", "line+poisson", capsys=capsys)
    assert "t.parquet: row 17,001: the target 'y' is 2.5; a count is needed" in said_so


@pytest.mark.parametrize("spoil", [lambda p: p.unlink(), lambda p: p.write_bytes(p.read_bytes() + b" "), lambda p: os.utime(p, ns=(1, 1))])
def test_a_file_that_goes_or_changes_between_the_parts_is_told_of(tmp_path: Path, spoil: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PART_ROWS", ALIGN)
    x, y = line()
    path = Path(parquet(tmp_path / "t.parquet", {"x": x, "y": y}, 5_000))
    found = look(str(path))

    def run(parts: Sequence[Part], ask: Ask) -> Iterator[Sums]:
        yield part_sums(parts[0], ask)
        spoil(path)
        yield from in_threads(parts[1:], ask)

    with pytest.raises(DataError, match=r"it was there when the reading began|was changed while it was read"):
        moments(found, ["x"], "y", run=run)


def test_stochastic_descent_and_standard_input_are_refused_with_a_reason(tmp_path: Path, capsys: Any) -> None:
    x, y = line(1_000)
    path = parquet(tmp_path / "t.parquet", {"x": x, "y": y})
    status, _, err = said(path, "--stream", "--method", "sgd", capsys=capsys)
    assert status == 2
    assert "sgd draws rows from all over the table" in err
    assert main(["fit", "-", "--stream"]) == 2
    assert "standard input can be read once only" in capsys.readouterr().err


def test_without_pyarrow_parquet_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    x, y = line(1_000)
    path = parquet(tmp_path / "t.parquet", {"x": x, "y": y})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    status, _, err = said(path, capsys=capsys)
    assert status == 2
    assert err == "error: data needs pyarrow, which is not installed: pip install 'symgd[data]'\n"


# ---------------------------------------------------------------- the command


def test_parquet_of_modest_size_goes_the_ordinary_way_with_its_exact_closed_form(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = table(3_000)
    path = parquet(tmp_path / "t.parquet", columns)
    by_csv = csv(tmp_path / "t.csv", columns)
    ordinary, text = (json.loads(said(p, "--json", capsys=capsys)[1]) for p in (path, by_csv))
    assert ordinary == text
    monkeypatch.setattr(whole, "IN_MEMORY", 5_999)
    status, out, _ = said(path, capsys=capsys)
    assert status == 0
    assert "read part by part" in out
    assert "found from the moments in double precision, not in exact" in out
    streamed = json.loads(said(path, "--json", capsys=capsys)[1])
    assert streamed["parameters"]["w"] == pytest.approx(ordinary["closed_form"]["w"], rel=1e-12)
    assert streamed["closed_form"] == pytest.approx(ordinary["closed_form"], rel=1e-14)
    assert streamed["rows"] == 3_000


def test_missing_values_of_a_parquet_file_in_memory_are_refused_or_left_out(tmp_path: Path, capsys: Any) -> None:
    columns = {n: c.tolist() for n, c in table(300).items()}
    columns["x"][100] = None
    path = parquet(tmp_path / "t.parquet", {n: pa.array(c) for n, c in columns.items()})
    assert "t.parquet: row 101: column 'x': a value is missing" in said(path, capsys=capsys)[2]
    found, streamed = (json.loads(said(path, "--missing", "drop", "--json", *more, capsys=capsys)[1]) for more in ((), ("--stream",)))
    assert found["rows"] == streamed["rows"] == 299
    assert found["closed_form"] == pytest.approx(streamed["closed_form"], rel=1e-13)


def test_a_csv_file_above_the_limit_is_streamed_and_was_refused(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = table(3_000)
    path = csv(tmp_path / "t.csv", columns)
    monkeypatch.setattr(tables, "FILE_BYTES", 2**16)
    monkeypatch.setattr(source, "CSV_BYTES", 2**15)
    status, out, _ = said(path, capsys=capsys)
    assert status == 0
    assert "3,000 rows were read part by part" in out
    with pytest.raises(DataError, match="MB; cut the file"):
        tables.read_csv(path)


def test_a_folder_and_a_pattern_are_one_table(tmp_path: Path, capsys: Any) -> None:
    columns = table(4_000)
    whole_path = parquet(tmp_path / "whole.parquet", columns)
    (tmp_path / "many").mkdir()
    for k in range(4):
        parquet(tmp_path / "many" / f"{k}.parquet", {n: c[1_000 * k : 1_000 * (k + 1)] for n, c in columns.items()})
    plain = json.loads(said(whole_path, "--stream", "--json", capsys=capsys)[1])
    assert json.loads(said(tmp_path / "many", "--stream", "--json", capsys=capsys)[1]) == plain
    assert json.loads(said(tmp_path / "many" / "*.parquet", "--stream", "--json", capsys=capsys)[1]) == plain


@pytest.mark.parametrize("suffix", ["html", "md", "txt"])
def test_the_report_shows_a_sample_and_says_so(tmp_path: Path, suffix: str, capsys: Any) -> None:
    path = parquet(tmp_path / "t.parquet", table(50_000))
    report = tmp_path / f"r.{suffix}"
    status, _, err = said(path, "--stream", "--report", str(report), capsys=capsys)
    assert status == 0
    assert f"wrote {report}" in err
    text = report.read_text()
    assert "pictures show 1,024 of them" in text
    assert "found from the moments" in text or "closed form" in text
    assert "<svg" in text or suffix != "html"


def test_a_report_on_a_full_disk_leaves_nothing_half_written(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "t.parquet", table(1_000))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = sorted(os.listdir(tmp_path))
    assert said(path, "--stream", "--report", str(tmp_path / "r.html"), capsys=capsys)[0] == 2
    assert sorted(os.listdir(tmp_path)) == before


def test_an_interruption_ends_with_one_line_and_no_traceback(tmp_path: Path) -> None:
    path = parquet(tmp_path / "t.parquet", table(400_000), 100_000)
    words = [sys.executable, "-m", "symgd", "fit", path, "--stream", "--feature", "z", "--target", "y", "--problem", "line+log-cosh"]
    more = ["--max-iterations", "9000000", "--stop", "never", "--rate", "1e-9"]
    made = subprocess.Popen([*words, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert made.stdout is not None
    first = made.stdout.readline()
    time.sleep(0.5)
    made.send_signal(signal.SIGINT)
    _, err = made.communicate(timeout=60)
    assert first.startswith("A line")
    assert made.returncode == 2
    assert re.fullmatch(r"error: interrupted .*: there is no result, and nothing was written\n", err)


def test_progress_is_told_in_rows_and_ends_at_all_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PART_ROWS", ALIGN)
    x, y = line()
    told: list[tuple[int, int]] = []
    moments(look(parquet(tmp_path / "t.parquet", {"x": x, "y": y}, 5_000)), ["x"], "y", tell=lambda done, all_: told.append((done, all_)))
    assert [whole_size for _, whole_size in told] == [N] * 4
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (N, N)


def test_pieces_are_as_long_as_align_allows() -> None:
    assert ALIGN % PIECE == 0
    assert of_parquet.BATCH % ALIGN == 0
    assert ALIGN % grams.BLOCK == 0
