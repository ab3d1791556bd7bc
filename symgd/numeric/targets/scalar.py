"""A term, one number at a time → text: the order written is kept, brackets where they are needed, the words of a language from its table.

Glossary: `level` how tightly a text holds together: a sum 1, a product 2, a sign 3, a power 4, one piece 9.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symgd.language import CONSTANTS, FUNCTIONS
from symgd.numeric.program.line import NotSupported
from symgd.numeric.program.printing import RELATIONS, function_text
from symgd.term import Add, Call, Cases, Compare, Div, Mul, Name, Neg, Num, Pow, Term

__all__ = ["Words", "bare", "scalar"]

SUM, PRODUCT, SIGN, POWER, PIECE = 1, 2, 3, 4, 9


@dataclass(frozen=True)
class Words:
    """How a language writes what all of them have.

    target   its name, for errors
    numpy    for each NumPy word its own: {"exp": "math.exp"}
    calls    functions that it writes in a way of its own: {"clip": "fmin(fmax({0}, {1}), {2})"}
    number   an exact number
    choice   one of two values: "({1} if {0} else {2})"
    cases    several at once, where it can: ([(value, condition)], otherwise) → text
    power    "{0}**{1}", the base bracketed, or a call as "pow({0}, {1})"
    pi       π
    products are small powers written out, u*u?
    """

    target: str
    numpy: Mapping[str, str]
    calls: Mapping[str, str]
    number: Callable[[Fraction], str]
    choice: str
    power: str
    pi: str
    products: bool = True
    cases: Callable[[Sequence[tuple[str, str]], str], str] | None = None


def scalar(t: Term, words: Words, name: Callable[[Name], str], other: Callable[[Term], str | None] = lambda t: None) -> str:
    """The text of t; `name` writes a name, `other` what else is no number: a sum, a comparison of indices (None: it cannot).

    Raises NotSupported for a part that the language cannot say.
    """

    def at(s: Term, level: int) -> str:
        text, own = go(s)
        return text if own >= level else f"({text})"

    def go(s: Term) -> tuple[str, int]:
        match s:
            case Num(v):
                text = words.number(v)
                return text, SIGN if v < 0 else PRODUCT if "/" in text else PIECE
            case Name(symbol, ()) if symbol in CONSTANTS and not name(s):
                return words.pi, PIECE
            case Name():
                return name(s), PIECE
            case Add((first, *rest)):
                out = at(first, SUM)
                for x in rest:
                    out += f" - {at(x.body, PRODUCT)}" if isinstance(x, Neg) else f" + {at(x, PRODUCT)}"
                return out, SUM
            case Mul(fs):
                return "*".join([at(fs[0], PRODUCT), *(at(f, SIGN) for f in fs[1:])]), PRODUCT
            case Div(Num(a), Num(b)) if b:
                return go(Num(a / b))
            case Div(a, b):
                return f"{at(a, PRODUCT)}/{at(b, POWER)}", PRODUCT
            case Neg(a):
                return f"-{at(a, PIECE if isinstance(a, Neg | Num | Add) else PRODUCT)}", PRODUCT if isinstance(a, Mul | Div) else SIGN
            case Pow(Name() as base, Num(v)) if words.products and v in (2, 3, 4):
                return "*".join([name(base)] * int(v)), PRODUCT
            case Pow(base, exponent):
                whole = words.power.startswith("{0}")
                text = words.power.format(at(base, PIECE) if whole else go(base)[0], at(exponent, PIECE) if whole else go(exponent)[0])
                return text, POWER if whole else PIECE
            case Call(f, args) if f in words.calls or f in FUNCTIONS or function_text(f):
                return _call(f, [go(a)[0] for a in args], words)
            case Cases(pieces, otherwise):
                if words.cases:
                    return words.cases([(go(value)[0], _compared(when, at)) for value, when in pieces], go(otherwise)[0]), PIECE
                out = go(otherwise)[0]
                for value, when in reversed(pieces):
                    out = words.choice.format(_compared(when, at), go(value)[0], out)
                return out, PIECE
        if (found := other(s)) is not None:
            return found, PIECE
        raise NotSupported(f"the target {words.target} has no word for {type(s).__name__.lower()}")

    return bare(go(t)[0])


def bare(text: str) -> str:
    """(a + b) as a + b"""
    if not text.startswith("("):
        return text
    depth = [text[: k + 1].count("(") - text[: k + 1].count(")") for k in range(len(text))]
    return text[1:-1] if 0 not in depth[:-1] else text


def _compared(c: Compare, at: Callable[[Term, int], str]) -> str:
    return f"{at(c.left, SUM)} {RELATIONS[c.relation]} {at(c.right, SUM)}"


def _call(f: str, args: list[str], words: Words) -> tuple[str, int]:
    """A function by the way of the language, or by NumPy's text with its words exchanged."""
    template = words.calls.get(f) or function_text(f)
    if f not in words.calls:
        lost = [w for w in re.findall(r"np\.([\w.]+)", template) if w not in words.numpy]
        if lost or ("erf(" in template and "erf" not in words.numpy):
            raise NotSupported(f"the target {words.target} has no {lost[0] if lost else 'erf'}, which {f} needs")
        template = re.sub(r"(?<![\w.])(?:np\.)?([A-Za-z]\w*)", lambda w: words.numpy.get(w[1], w[1]), template)
    loose = re.search(r"(?<![(,])(?<![(,] )\{|\}(?![),])", template) is not None
    text = template.format(*(f"({a})" if loose and not re.fullmatch(r"[\w.]+", a) else a for a in args))
    return text, PIECE if re.fullmatch(r"[\w.]+\([^()]*\)", template) or not loose or template[0] + template[-1] == "()" else SUM
