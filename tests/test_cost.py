"""The page on size: its lines are proved, its six numbers give the slopes that NumPy finds, and its times are those of the measured rate."""

from __future__ import annotations

import numpy as np
import pytest

from symgd.course.cost import BY, CORES, RATE, STEPS, TOTALS, cost
from symgd.document.drawings import with_files
from symgd.document.formats import render
from symgd.document.page import Chain, Code, Picture, Table, every_block
from symgd.term import Sum
from symgd.typeset import to_unicode

PAGE = cost()
LINES = [line for block in every_block(PAGE.blocks) if isinstance(block, Chain) for line in block.lines]


def test_every_line_is_a_definition_or_proved() -> None:
    assert {(line.relation, line.check) for line in LINES} == {(":=", ""), ("=", "proved")}
    assert sum(line.check == "proved" for line in LINES) >= 10


def test_the_six_numbers_give_the_loss_and_the_slopes_of_any_line() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(1e3, 2, 500)
    y = 3 * x + rng.normal(size=500)
    s, a, c, w, b = 999.0, 2.9, 4.0, -1.5, 7.0
    z, r = x - s, a * x + c - y
    n, S_z, S_r, S_zz, S_zr, S_rr = len(x), z.sum(), r.sum(), z @ z, z @ r, r @ r
    p, q = w - a, b - c + (w - a) * s
    found = {
        "L": (S_rr + 2 * p * S_zr + 2 * q * S_r + p**2 * S_zz + 2 * p * q * S_z + n * q**2) / n,
        "∂L/∂b": 2 * (S_r + p * S_z + n * q) / n,
        "∂L/∂w": 2 * (S_zr + p * S_zz + q * S_z + s * (S_r + p * S_z + n * q)) / n,
    }
    u = w * x + b - y
    assert found == pytest.approx({"L": np.mean(u**2), "∂L/∂b": 2 * np.mean(u), "∂L/∂w": 2 * np.mean(u * x)}, rel=1e-12)
    shown = {to_unicode(line.left): to_unicode(line.right) for line in LINES if line.left is not None and "S_zz" in to_unicode(line.right)}
    assert shown["L"] == "(S_rr + 2p S_zr + 2q Sᵣ + p² S_zz + 2p q S_z + n q²)/n"
    assert shown["∂L/∂w"] == "2 (S_zr + p S_zz + q S_z + s (Sᵣ + p S_z + n q))/n"


def test_there_are_five_sums_over_the_rows_beside_their_number() -> None:
    assert [type(d.value) for d in TOTALS] == [Sum] * 5


def test_the_times_are_those_of_the_measured_rate() -> None:
    (table,) = (block for block in every_block(PAGE.blocks) if isinstance(block, Table))
    rows = {cells[0][0]: cells for cells in table.rows}
    assert len(rows) == len(CORES)
    hours = 1e12 / (RATE / BY * 1_000) / 3_600
    assert rows["1,000"][2][0] == f"{hours * 3600:.2g} seconds"
    assert rows["1,000"][3][0] == f"{hours * STEPS:.2g} hours"


def test_its_command_is_one_the_program_knows() -> None:
    from symgd.cli import _parser

    (command,) = (block.text for block in every_block(PAGE.blocks) if isinstance(block, Code))
    given = _parser().parse_args([word.strip("'") for word in command.split()[1:]])
    assert (given.target, given.dask) == ("y", "tcp://scheduler:8786")


def test_the_same_page_is_the_same_bytes_and_its_picture_lies_beside_it() -> None:
    page, drawn = with_files(PAGE, "cost")
    assert [name for name, _ in drawn] == ["cost-1.svg"]
    assert sum(isinstance(block, Picture) for block in every_block(page.blocks)) == 1
    assert render(page, "markdown") == render(with_files(cost(), "cost")[0], "markdown")
    assert "](cost-1.svg)" in render(page, "markdown")  # type: ignore[operator]
