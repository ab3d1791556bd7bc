"""Letters that stand together → names: what one name is, what is a product of several, what is a phrase."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from symgd.language import FUNCTIONS
from symgd.reading.pratt import Student
from symgd.reading.tokens import Token
from symgd.reading.words import known, split

__all__ = ["divide", "phrases"]

_LATEX_WORDS = frozenset(("lr", "err", "net", "out", "mse", "reg", "pre", "act", "yhat", "lam", "old", "new"))
_TWO = re.compile(r"[wmabckpn][xXuzvt]|([xyuvwe])\1|[XWAVU][wxbhuvy]")
_NUMBERED = re.compile(r"(?:[A-Za-z][0-9]+){2,}|(?:[wmabc][0-9]*)(?:[xXz][0-9]*)")
_SPELLED = re.compile(r"([wmab]?)([xyeuzXYt])i")
_ACCENTED = re.compile(r"([A-Za-z])(hat|bar)(_\w+)?")


def phrases(tokens: list[Token], text: str, syntax: str, declared: Collection[str]) -> list[Token]:
    """learning rate: neighbouring words that nobody declared are one name."""
    least = 4 if syntax == "latex" else 2
    out: list[Token] = []
    for at, t in enumerate(tokens):
        before = out[-1] if out else None
        if (t.kind == "run" and before and before.kind in ("run", "phrase") and t.spaced and _is_word(t.text, least, declared)
                and _is_word(before.text.split("_")[-1], least, declared) and not (at > 1 and tokens[at - 2][:2] == ("op", "_"))
                and max(len(t.text), len(before.text)) > 3 and text[before.start] != "\\" and len(before.text) + len(t.text) < 30):  # fmt: skip
            out[-1] = Token("phrase", f"{before.text}_{t.text}".lower(), before.start, t.end, before.spaced)
        else:
            out.append(t)
    return out


def divide(notes: Student) -> Callable[[Token, str, Collection[str]], list[Token]]:
    """How a run of letters is divided into names in a stranger's line."""

    def into(t: Token, syntax: str, declared: Collection[str]) -> list[Token]:
        word = t.text
        base, mark, rest = word.partition("_")
        if word in declared or len(base) == 1:
            return [t._replace(kind="word")]
        if syntax == "latex" and (word in _LATEX_WORDS or (re.fullmatch(r"d[A-Za-z]", word) and "d" not in declared)):
            return [t._replace(kind="word")]
        if syntax == "ascii" and (found := _SPELLED.fullmatch(word)):
            notes.notes.append((f"{found[2]}i is read as {found[2]} with the index i", t.end - 2, t.end))
            factor = [t._replace(kind="word", text=found[1], end=t.start + 1)] if found[1] else []
            return [*factor, t._replace(kind="word", text=f"{found[2]}_i", start=t.end - 2, spaced=t.spaced and not factor)]
        if accented := _ACCENTED.fullmatch(word):
            return [t._replace(kind="word", text=f"{accented[1]}_{accented[2]}{accented[3] or ''}")]
        if syntax == "ascii" and base not in declared and (_TWO.fullmatch(base) or (_NUMBERED.fullmatch(base) and len(base) > 2)) and not known(base):
            pieces = [m.span() for m in re.finditer(r"[A-Za-z][0-9]*", base)]
            last = len(pieces) - 1
            return [Token("word", base[a:b] + (mark + rest if k == last else ""), t.start + a, t.end if k == last else t.start + b, t.spaced and not a)
                    for k, (a, b) in enumerate(pieces)]  # fmt: skip
        return split(t, syntax, declared)

    return into


def _is_word(word: str, least: int, declared: Collection[str]) -> bool:
    return word.isalpha() and word.isascii() and len(word) >= least and not known(word) and word not in declared and word not in FUNCTIONS
