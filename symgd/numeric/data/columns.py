"""Columns of a table → what a model takes: a matrix of features, categories as columns of 0 and 1, a target that its loss can use.

Glossary: `X` features, shape (n, d); `Z` the same, each centred (where there is an intercept) and of length 1; `R` its triangle, Z = Q R.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symgd.numeric.data.arrays import Column
from symgd.numeric.data.table import DataError, Table, quoted

__all__ = ["TARGETS", "Features", "Relation", "Target", "collinear", "features", "target"]

MOST_LEVELS = 100  # of a category, and classes of a target
DEPENDENT = 1e-8  # sine of the angle between a column and the span of those before it, below which it is called a combination of them
EXACT_ROWS = 50_000  # up to here a combination is checked in every row, in decimals
_YES = ("true", "yes", "t", "y", "pass", "passed", "positive", "success", "on")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class Features:
    """names  the columns of X in order; a level of a category is "sex=male"
    X      shape (n, d)
    says   what was decided, one sentence each
    """

    names: tuple[str, ...]
    X: Column
    says: tuple[str, ...] = ()


def features(table: Table, names: Sequence[str], categories: Sequence[str] = (), *, intercept: bool = True) -> Features:
    """The columns side by side; each of `categories` as a column of 0 and 1 for every level but the first, its reference.

    Raises DataError for a column that is constant, named twice, or text.
    """
    if twice := next((n for k, n in enumerate(names) if n in names[:k]), ""):
        raise DataError(f"the column {quoted(twice)} is named twice as a feature")
    pairs: list[tuple[str, Column]] = []
    says: list[str] = []
    for name in names:
        if name in categories:
            levels, columns = _levels(table, name)
            pairs += [(f"{name}={level}", c) for level, c in zip(levels[1:], columns[1:], strict=True)]
            says.append(f"{name}: {len(levels)} levels; the reference is {name}={levels[0]}, which every weight of {name}=… is compared with.")
        else:
            pairs.append((name, table[name]))
    for name, c in pairs:
        if [n for n, _ in pairs].count(name) > 1:
            raise DataError(f"two features would be called {quoted(name)}; rename the column {quoted(name)}")
        _see_varying(name, c, intercept)
    return Features(tuple(n for n, _ in pairs), np.ascontiguousarray(np.column_stack([c for _, c in pairs])), tuple(says))


def _see_varying(name: str, c: Column, intercept: bool) -> None:
    if intercept and (c == c[0]).all():
        raise DataError(f"the column {quoted(name)} is constant ({c[0]:g} in every row), so no weight of its own can be determined; leave it out")
    if not c.any():
        raise DataError(f"the column {quoted(name)} is 0 in every row, so no weight can be determined; leave it out")


def _levels(table: Table, name: str) -> tuple[list[str], list[Column]]:
    """The levels of a category in order, and for each a column: 1 in its rows, else 0."""
    cells = table.text(name)
    labels, codes = _coded(cells)
    if len(labels) == 1:
        raise DataError(f"the column {quoted(name)} has one level only ({quoted(labels[0])}), so it tells nothing apart; leave it out")
    if len(labels) > MOST_LEVELS:
        raise DataError(f"the column {quoted(name)} has {len(labels)} different values; at most {MOST_LEVELS} are taken as levels of a category")
    return labels, [(codes == k).astype(np.float64) for k in range(len(labels))]


def _coded(cells: Sequence[str]) -> tuple[list[str], NDArray[Any]]:
    """(labels, for each cell the place of its label): numbers by size, text by the alphabet.  1 and 1.0 are one number."""
    distinct = set(cells)
    if all(_PLAIN.fullmatch(c) for c in distinct):
        value = {c: float(c) for c in distinct}
        order = sorted(set(value.values()))
        place = {c: order.index(v) for c, v in value.items()} if len(order) <= MOST_LEVELS else dict.fromkeys(distinct, 0)
        return [f"{v:.15g}" for v in order], np.array([place[c] for c in cells])
    order_of_text = sorted(distinct)
    at = {c: k for k, c in enumerate(order_of_text)}
    return order_of_text, np.array([at[c] for c in cells])


# ---------------------------------------------------------------- what a loss needs of its target


@dataclass(frozen=True)
class Target:
    """values   (n,), or (n, k) with a 1 in the column of each sample's class
    classes  their labels in order; () where the target is a number
    says     which class is which, or ""
    """

    values: Column
    classes: tuple[str, ...] = ()
    says: str = ""


def target(table: Table, name: str, kind: str) -> Target:
    """The target as a loss of that kind needs it; the kinds are the keys of TARGETS.  Raises DataError with the first row that is not so."""
    return TARGETS[kind](table, name)


def _any_number(table: Table, name: str) -> Target:
    return Target(table[name])


def _two_classes(table: Table, name: str) -> Target:
    """0 or 1"""
    labels, codes = _labels(table, name, 2)
    says = "" if labels == ("0", "1") else f"{name}: {labels[1]} is class 1, {labels[0]} is class 0."
    return Target(codes.astype(np.float64), labels, says)


def _signs(table: Table, name: str) -> Target:
    """−1 or 1"""
    labels, codes = _labels(table, name, 2)
    says = "" if labels == ("-1", "1") else f"{name}: {labels[1]} is +1, {labels[0]} is −1."
    return Target(2.0 * codes - 1.0, labels, says)


def _classes(table: Table, name: str) -> Target:
    """One column a class"""
    labels, codes = _labels(table, name, MOST_LEVELS)
    return Target(np.eye(len(labels))[codes], labels, f"{name}: {len(labels)} classes, {', '.join(labels)}.")


def _counts(table: Table, name: str) -> Target:
    """0, 1, 2, …"""
    y = table[name]
    _see(table, name, y, (y < 0) | (y != np.floor(y)), "a count is needed: a whole number from 0")
    return Target(y)


def _not_negative(table: Table, name: str) -> Target:
    y = table[name]
    _see(table, name, y, y < 0, "a number from 0 is needed")
    return Target(y)


TARGETS: dict[str, Callable[[Table, str], Target]] = {
    "number": _any_number, "zero-one": _two_classes, "sign": _signs, "classes": _classes, "count": _counts, "not-negative": _not_negative,
}  # fmt: skip


def _see(table: Table, name: str, y: Column, wrong: NDArray[Any], needed: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(f"{table.place(row)}: the target {quoted(name)} is {y[row]:g}; {needed}")


def _labels(table: Table, name: str, most: int) -> tuple[tuple[str, ...], NDArray[Any]]:
    """(labels, codes) of a target with 2 to `most` classes; of two, what means yes comes last."""
    cells = table.text(name)
    labels, codes = _coded(cells)
    if len(labels) == 1:
        raise DataError(f"the target {quoted(name)} is {quoted(labels[0])} in every row: there is nothing to tell apart")
    if len(labels) > most:
        seen: list[str] = []
        row = next(k for k, c in enumerate(cells) if c not in seen and (seen.append(c) or len(seen) > most))  # type: ignore[func-returns-value]
        many = "two classes are" if most == 2 else f"at most {most} classes are"
        what = "softmax-cross-entropy takes more; a number is for plane-mse" if most == 2 else "is it a number rather than a class?"
        raise DataError(f"{table.place(row)}: the target {quoted(name)} has {len(labels)} different values, here {quoted(cells[row])}; {many} needed: {what}")
    if most == 2 and labels[0].lower() in _YES and labels[1].lower() not in _YES:
        labels, codes = labels[::-1], 1 - codes
    return tuple(labels), codes


# ---------------------------------------------------------------- columns that are combinations of others


@dataclass(frozen=True)
class Relation:
    """column = Σ factor · other + constant

    exact  true in every row of the decimals as they stand in the table; else to within rounding, with factors as they were found
    """

    column: str
    terms: tuple[tuple[Fraction, str], ...]
    constant: Fraction
    exact: bool

    def __str__(self) -> str:
        """sat_sum = sat_v + sat_m"""
        pieces = [_times(f, name, self.exact) for f, name in self.terms] + ([_signed(self.constant, "", self.exact)] if self.constant or not self.terms else [])
        text = " ".join(pieces).removeprefix("+ ")
        return f"{self.column} {'=' if self.exact else '≈'} {'−' + text[2:] if text.startswith('− ') else text}"


def _times(factor: Fraction, name: str, exact: bool) -> str:
    if abs(factor) == 1:
        return f"{'−' if factor < 0 else '+'} {name}"
    return _signed(factor, f" {name}", exact)


def _signed(v: Fraction, tail: str, exact: bool) -> str:
    size = abs(v)
    decimal = f"{float(size):.6g}"
    text = f"{size}" if exact and Fraction(decimal) != size else decimal
    return f"{'−' if v < 0 else '+'} {text}{tail}"


def collinear(names: Sequence[str], X: Column, *, intercept: bool = True) -> tuple[Relation, ...]:
    """The columns that are combinations of those before them (and a constant, where there is an intercept), each with its combination.

    Found by QR of the columns scaled to length 1; a combination with simple factors is then checked in decimals, row by row.
    """
    shift = X.mean(axis=0) if intercept else np.zeros(X.shape[1])
    centred = X - shift
    size = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    size[size == 0] = 1.0
    Z = centred / size
    if np.linalg.eigvalsh(Z.T @ Z)[0] > 1e-12:  # an angle to the others of at least 1e-6, whatever the order
        return ()
    whole = np.asarray(np.linalg.qr(Z, mode="r"))  # Z = Q R: what is said of the columns of R is true of those of Z
    kept: list[int] = []
    found: list[Relation] = []
    for j in range(X.shape[1]):
        R = np.asarray(np.linalg.qr(whole[:, [*kept, j]], mode="r"))
        if len(R) > len(kept) and abs(R[-1, -1]) > DEPENDENT:
            kept.append(j)
            continue
        part = np.linalg.solve(R[: len(kept), : len(kept)], R[: len(kept), -1]) if kept else np.zeros(0)
        factors = {k: float(p * size[j] / size[k]) for k, p in zip(kept, part, strict=True) if abs(p) > 10 * DEPENDENT}
        constant = float(shift[j] - sum(f * shift[k] for k, f in factors.items())) if intercept else 0.0
        found.append(_relation(names, X, j, factors, constant))
    return tuple(found)


def _relation(names: Sequence[str], X: Column, j: int, factors: dict[int, float], constant: float) -> Relation:
    """With simple factors where they are true in every row, else with those found."""
    simple = {k: Fraction(f).limit_denominator(1000) for k, f in factors.items()}
    if len(X) <= EXACT_ROWS:
        terms = ((Fraction(1), j), *((-f, k) for k, f in simple.items()))
        rest = (sum(f * Fraction(repr(v)) for (f, _), v in zip(terms, row, strict=True)) for row in X[:, [k for _, k in terms]].tolist())
        first = Fraction(next(rest))
        if all(r == first for r in rest):
            return Relation(names[j], tuple((f, names[k]) for k, f in simple.items()), first, True)
    near = abs(constant) <= 1e-6 * float(np.abs(X[:, j]).max())
    return Relation(names[j], tuple((Fraction(f"{f:.6g}"), names[k]) for k, f in factors.items()), Fraction(0 if near else constant), False)
