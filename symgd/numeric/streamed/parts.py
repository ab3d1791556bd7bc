"""What is read and what is asked, as plain data that can be sent to another process.

Glossary: `r`, `F`, shift and anchor as in `bound.moments`; θ the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["ALIGN", "MOST_WORDS", "Ask", "Expansion", "File", "Numbers", "Part", "Place", "Run", "Stretch", "Sums", "Words"]

ALIGN = 16_384  # rows: where parts begin, and what is reduced at once where rows may be missing or a loss is computed
MOST_WORDS = 1_000  # different cells: a column with more of them is no category
Place = tuple[int, int, str]
Expansion = tuple[float, ...]  # a number as the sum of these, the largest first, each the rest rounded


@dataclass(frozen=True)
class File:
    """path; its size and time of change when it was looked at: another size or time later is refused"""

    path: str
    size: int
    changed: int


@dataclass(frozen=True)
class Stretch:
    """Rows that lie together: of a row group of a Parquet file those from start to stop; of a CSV file (group −1) those whose first byte is from start to stop.

    first  the number in the file, from 0, of the first row of the group; for a CSV file 0
    """

    file: File
    group: int
    start: int
    stop: int
    first: int = 0


@dataclass(frozen=True)
class Part:
    """number     from 0, in the order of the table
    stretches  where its rows lie
    rows       how many, as the footers say; of a CSV file 0
    size       bytes, about, or rows where they are known: for progress
    """

    number: int
    stretches: tuple[Stretch, ...]
    rows: int
    size: int


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    kind  of a target "count" or "not-negative", which are looked through
    """

    name: str
    kind: str = "number"


@dataclass(frozen=True)
class Words:
    """A column of words, each of which stands for numbers: cells[k] for values[k], all of one length."""

    name: str
    cells: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Ask:
    """What is to be found out about the rows.

    what      the name of a reduction: a key of `asked.REDUCTIONS`
    columns   what is read: the features in order, then the target
    dialect   how a CSV file is written: (header, delimiter); () for Parquet
    drop      are rows with missing values left out?  Else they are refused.
    numbers   what the reduction works with: shift, anchor, scalings, θ
    function  the gradient function, where the reduction needs one; sent elsewhere it is the record of its gradient
    """

    what: str
    columns: tuple[Numbers | Words, ...]
    dialect: tuple[tuple[str, ...], str] | tuple[()] = ()
    drop: bool = False
    numbers: tuple[Any, ...] = ()
    function: Any = None


@dataclass(frozen=True)
class Sums:
    """rows     that were counted, and those left out because a value was missing
    totals   the sums, exact
    words    of a column: each word → where it first stands: (part, row of the part, in words); of MOST_WORDS and more the first ones
    size     of the parts
    """

    rows: int
    dropped: int
    totals: tuple[Expansion, ...] = ()
    words: dict[str, Place] = field(default_factory=dict)
    size: int = 0


Run = Callable[[Sequence[Part], Ask], Iterator[Sums]]
