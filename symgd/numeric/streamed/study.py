"""What is fitted to a table that is read part by part: the columns and their words, the moments of all rows, a sample of them for pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symgd.derivation import Gradient
from symgd.numeric.bound.moments import NO_DATA, Moments
from symgd.numeric.data.arrays import Column
from symgd.numeric.data.columns import Target, collinear, features, target
from symgd.numeric.data.scaling import Scaling
from symgd.numeric.data.study import Study, feature_of, target_kind
from symgd.numeric.data.table import DataError, Table, quoted
from symgd.numeric.data.units import Units, seen_units
from symgd.numeric.streamed.parts import MOST_WORDS, Ask, Numbers, Run, Words
from symgd.numeric.streamed.passes import Tell, all_sums, in_threads, moments_of
from symgd.numeric.streamed.source import Source

__all__ = ["StreamedStudy", "spread", "streamed_study"]

FLAT = 2.0**-40  # of the mean: a deviation below it may be none at all, which is then looked at
MOST_FEATURES = 1_000
RESOLVED = 2.0**-46  # of the largest eigenvalue of the products: a smaller one is their rounding
NO_SOURCE, NOTHING = Source("", (), {}, (), 0), Ask("", ())


@dataclass(frozen=True)
class StreamedStudy(Study):
    """X and goal are a sample of the rows, for pictures; `count` says how many rows there are.

    table    where the rows come from, `ask` which of its columns: the features, then the target
    whole    the moments of the target and the features as they stand, over all rows
    run      who reads the parts; `tell` is told how far a pass has come
    """

    table: Source = NO_SOURCE
    ask: Ask = NOTHING
    whole: Moments = NO_DATA
    count: int = 0
    run: Run = in_threads
    tell: Tell | None = None

    @property
    def rows(self) -> int:
        return self.count

    @property
    def deviations(self) -> Column:
        """The standard deviation of each feature."""
        S = np.array(self.whole.S).reshape((len(self.whole.means),) * 2)
        return np.sqrt(np.maximum(np.diag(S), 0.0) / self.whole.n)

    def units(self, *, standard: bool, fixed: Sequence[str] = ()) -> Units:
        """How the problem sees its features, and the scalings of a run on all rows."""
        if self.feature is None:
            return Units()
        seen, centre = seen_units(self.problem, self.feature, fixed)
        if not standard or not (seen.pairs or any((seen.powers or {}).values())):
            return seen
        pairs = zip(self.whole.means, self.deviations.tolist(), strict=True)
        return Units(seen.pairs, seen.powers, tuple(Scaling(m, s) if centre else Scaling(0.0, math.hypot(m, s)) for m, s in pairs))

    def bound(self, f: Any) -> Any:
        """The problem's gradient function on all rows, in the data's own units."""
        from symgd.numeric.streamed.loss import bound

        return bound(self, f, Units())

    def likeness(self) -> Column:
        """A few rows with the mean and the products of all rows, shape (2d, d): what depends on those alone is the same for them."""
        mean, size = np.array(self.whole.means), self.deviations
        size[size == 0] = 1.0
        values, V = np.linalg.eigh(np.array(self.whole.S).reshape((len(mean),) * 2) / self.whole.n / size / size[:, None])
        values[values < RESOLVED * len(mean) * values.max(initial=0.0)] = 0.0
        rows = math.sqrt(len(mean)) * (V * np.sqrt(values)).T * size
        return np.asarray(np.vstack([mean + rows, mean - rows]))


def spread(m: Moments) -> float:
    """The standard deviation of the target whose moments these are."""
    a, g, S = np.array(m.anchor), np.array(m.g), np.array(m.S).reshape((len(m.anchor),) * 2)
    return math.sqrt(max(m.R + float(a @ (S @ a) - 2 * (a @ g)), 0.0) / m.n)


@dataclass(frozen=True)
class _Distinct(Table):
    """A table of the words of one column, each once; `places` says where each first stands."""

    places: tuple[str, ...] = ()

    def place(self, row: int) -> str:
        return self.places[row]


def streamed_study(
    gradient: Gradient, table: Source, wanted: Sequence[str], goal: str, categories: Sequence[str] = (), *, intercept: bool = True,
    hidden: tuple[int, ...] = (), drop: bool = False, run: Run = in_threads, tell: Tell | None = None, see_enough: Callable[[int, int], None] | None = None,
) -> StreamedStudy:  # fmt: skip
    """The study of named columns: one pass over all rows for their moments, and one before it for each column of words.

    categories  features whose words become columns of 0 and 1, as `data.columns.features` has them
    see_enough  (rows, features) → None, or raises where they are too few
    Raises DataError for what cannot be used.
    """
    problem = gradient.problem
    kind = target_kind(problem)
    if twice := next((n for k, n in enumerate(wanted) if n in wanted[:k]), ""):
        raise DataError(f"the column {quoted(twice)} is named twice as a feature")
    uses = feature_of(problem) is not None
    as_text = kind in ("zero-one", "sign", "classes")
    names = list(wanted) if uses else []
    table.see([*names, goal], [*categories, *([goal] if as_text else [])])
    if len(names) > MOST_FEATURES:
        raise DataError(f"{len(names)} features; a table that is streamed takes at most {MOST_FEATURES}")
    plain = Ask("", (), table.dialect, drop)
    columns, titles, says = _features(table, plain, names, categories, intercept, run, tell)
    class_of: Target | None = None
    if as_text:
        words = _words(table, plain, goal, run, tell)
        class_of = target(words, goal, kind)
        rows = class_of.values.reshape(len(class_of.values), -1)
        columns.append(Words(goal, words.texts[goal], tuple(map(tuple, rows.tolist()))))
    else:
        columns.append(Numbers(goal, kind))
    ask = replace(plain, columns=tuple(columns))
    whole, last, some = moments_of(table, replace(ask, columns=(*columns[:-1], _single(columns[-1]))), run, tell)
    if see_enough:
        see_enough(last.rows, len(titles))
    if not math.isfinite(whole.R):
        raise DataError("the squares of the data leave the range of double precision; scale them down")
    X, y = np.ascontiguousarray(some[:-1].T), np.ascontiguousarray(some[-1])
    if class_of is not None:
        y = np.array([columns[-1].values[int(k)] for k in y]) if kind == "classes" else y  # type: ignore[union-attr]
        sampled = replace(class_of, values=y)
    else:
        sampled = Target(y)
    dropped = (f"{last.dropped:,} row{'s' * (last.dropped > 1)} with missing values left out.",) if last.dropped else ()
    notes = (*table.says, *dropped, *says, *filter(None, [sampled.says]), _streamed_says(last.rows, len(y)))
    study = StreamedStudy(gradient, tuple(titles), X, goal, sampled, table.name, "rows", notes, (), hidden, table, ask, whole, last.rows, run, tell)
    _see_varying(study, intercept)
    made = study.likeness() if len(titles) > 1 else np.zeros((0, 0))
    return replace(study, relations=collinear(study.names, made, intercept=intercept)) if len(titles) > 1 else study


def _features(
    table: Source, plain: Ask, names: Sequence[str], categories: Sequence[str], intercept: bool, run: Run, tell: Tell | None
) -> tuple[list[Numbers | Words], list[str], list[str]]:
    """(what is read, what each column of numbers is called, what was decided)."""
    columns, titles, says = list[Numbers | Words](), list[str](), list[str]()
    for name in names:
        if name not in categories:
            columns.append(Numbers(name))
            titles.append(name)
            continue
        words = _words(table, plain, name, run, tell)
        found = features(words, [name], [name], intercept=intercept)
        columns.append(Words(name, words.texts[name], tuple(map(tuple, found.X.tolist()))))
        titles += found.names
        says += found.says
    if len(set(titles)) < len(titles):
        raise DataError(f"two features would be called {quoted(next(t for t in titles if titles.count(t) > 1))}; rename a column")
    return columns, titles, says


def _streamed_says(rows: int, shown: int) -> str:
    return f"The {rows:,} rows were read part by part, never all at once; pictures show {shown:,} of them."


def _single(c: Numbers | Words) -> Numbers | Words:
    """A column of words as one number: the place of its class, where it stands for several."""
    if isinstance(c, Numbers) or len(c.values[0]) == 1:
        return c
    return replace(c, values=tuple((float(v.index(1.0)),) for v in c.values))


def _words(table: Source, plain: Ask, name: str, run: Run, tell: Tell | None) -> _Distinct:
    found = all_sums(table, replace(plain, what="words", columns=(Words(name, (), ()),)), run, tell).words
    if not found:
        raise DataError(f"{table.name}: column {quoted(name)} holds no word in any row")
    ordered = sorted(found, key=lambda w: found[w])
    if len(found) >= MOST_WORDS:
        last = found[ordered[-1]][2]
        raise DataError(f"{last}: column {quoted(name)}: here is the {MOST_WORDS:,}th different value; it is no category, and no target of a loss for classes")
    return _Distinct((name,), {}, texts={name: tuple(ordered)}, source=table.name, lines=(), places=tuple(found[w][2] for w in ordered))


def _see_varying(study: StreamedStudy, intercept: bool) -> None:
    """Raises DataError for a feature that is constant in every row."""
    means, deviations = study.whole.means, study.deviations
    doubtful = [k for k, (m, s) in enumerate(zip(means, deviations, strict=True)) if s <= FLAT * abs(m)]
    if not doubtful:
        return
    first = [float(v) for v in study.X[0]] + [0.0]
    ask = replace(study.ask, what="range", numbers=tuple(first), columns=(*study.ask.columns[:-1], _single(study.ask.columns[-1])))
    differ = all_sums(study.table, ask, study.run, study.tell).totals
    for k in doubtful:
        if differ[k]:
            continue
        name = quoted(study.names[k])
        if intercept:
            raise DataError(f"the column {name} is constant ({first[k]:g} in every row), so no weight of its own can be determined; leave it out")
        if not first[k]:
            raise DataError(f"the column {name} is 0 in every row, so no weight can be determined; leave it out")


