"""The words of the command line → numbers, names and problems; and how input that cannot be used is refused: in one sentence, with exit status 2."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from symgd.catalogue import UnknownProblem
from symgd.derivation import Refuted
from symgd.document.formats import MissingExtra
from symgd.forward import Problem

__all__ = ["NO", "UNDECIDED", "YES", "Refused", "named", "number", "pair", "refusing", "text_of_problem", "values"]

YES, NO, UNDECIDED = 0, 1, 3
LONGEST_TOML = 200_000  # bytes
LARGEST = Fraction(10) ** 150  # of a number on the command line: its square is a double still
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


class Refused(Exception):
    """Input that cannot be used: the message is printed, the exit status is 2."""


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Errors that a user's input can cause → Refused, with the message as it stands."""
    try:
        yield
    except (UnknownProblem, ValueError, NotImplementedError, MissingExtra) as why:
        raise Refused(str(why)) from why
    except Refuted as why:
        print(f"error[refuted]: {why}", file=sys.stderr)
        raise SystemExit(NO) from why


def pair(word: str, sign: str, option: str) -> tuple[str, str]:
    name, found, value = word.partition(sign)
    if not found or not name.strip() or not value.strip():
        raise Refused(f"{option} takes name{sign}value, not {word!r}")
    return name.strip(), value.strip()


def values(words: Sequence[str], option: str) -> dict[str, Fraction]:
    out = {}
    for word in (part for w in words for part in w.split(",") if part):
        name, value = pair(word, "=", option)
        out[name] = number(value, option)
    return out


def number(text: str, option: str) -> Fraction:
    if len(text) > 40 or not _NUMBER.fullmatch(text):
        raise Refused(f"{option}: {text!r} is no number")
    if abs(value := Fraction(text)) > LARGEST:
        raise Refused(f"{option}: {text} is more than {float(LARGEST):g}")
    return value


def named(path: str) -> Problem:
    try:
        return Problem.from_toml(text_of_problem(path))
    except ValueError as why:
        raise Refused(f"{path}: {why}") from why


def text_of_problem(path: str) -> str:
    if (size := os.stat(path).st_size) > LONGEST_TOML:
        raise Refused(f"{path}: {size} bytes are too many for a problem")
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as why:
        raise Refused(f"{path}: byte {why.start + 1} is no UTF-8") from why
