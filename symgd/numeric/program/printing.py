"""Term → NumPy text: the order written is kept, SymPy's NumPyPrinter prints, and no unchecked name reaches the text."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sympy as sp
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.precedence import PRECEDENCE

from symgd.language import CONSTANTS, FUNCTIONS
from symgd.term import Add, Call, Cases, Div, Mul, Name, Neg, Num, Pow, Term, parts, symbol_problem

__all__ = ["RELATIONS", "RESERVED", "function_text", "identifiers", "print_sympy", "printed"]

# What the texts use themselves; names beginning with an underscore are free for them, since no symbol may begin so.
RESERVED = frozenset((
    "np", "erf", "log_det", "loss", "gradient", "loss_and_gradient", "per_sample", "columns", "bound", "walk", "form",
    "dot", "sum_log1p", "log_loss", "rows", "room", "part", "out", "at", "spare", "step", "ones", "dtype", "BLOCK",
))  # fmt: skip
LETTERS = "A-Za-z\u0391-\u03a9\u03b1-\u03c9"
_MADE = {"Σ": "sum_", "⁻": "inverse_", "⁼": "shared_", "⌈": "max_", "ₑ": "exp_", "·": "each_"}  # what plans put before a word, and how that is written
RELATIONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "==", "!=": "!="}


def identifiers(symbols: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """A safe Python identifier for each symbol, readable where the symbol is a name, s0, s1, … where it is not; no two alike.

    ∂L/∂w, Σux, the symbols that plans make, become dL_dw and sum_ux.
    """
    used = set(taken)
    out: dict[str, str] = {}
    for symbol in symbols:
        word = unicodedata.normalize("NFKC", _word(symbol) or f"s{len(out)}")
        while word in used or word in RESERVED or keyword.iskeyword(word) or keyword.issoftkeyword(word) or hasattr(builtins, word):
            word += "_"
        used.add(word)
        out[symbol] = word
    return out


def _word(symbol: str) -> str | None:
    """The symbol as a word, ∂L/∂w as dL_dw and Σux as sum_ux; None where it is no checked name."""
    if symbol.startswith("∂"):
        names = symbol.replace("∂", "").split("/")
        return None if any(map(symbol_problem, names)) else "_".join(f"d{s}" for s in names)
    if symbol[:1] in _MADE and len(symbol) > 1:
        return f"{_MADE[symbol[0]]}{symbol[1:]}" if re.fullmatch(rf"[{LETTERS}0-9_]{{1,60}}", symbol[1:]) else None
    return None if symbol_problem(symbol) else symbol


_OWN = {"log1p": "np.log1p({0})", "clip": "np.clip({0}, {1}, {2})"}  # functions that stable forms use and no language has a word for


class _Printer(NumPyPrinter):  # type: ignore[misc]
    """SymPy's printer in the order written, with `np.` for `numpy.`."""

    def __init__(self, products: bool = False) -> None:
        self.products = products  # w*w for w**2: a plain float's power raises on overflow
        forms = {name: row.numpy for name, row in FUNCTIONS.items()} | _OWN
        words = {f"symgd_{name}": [(_always, _writer(form))] for name, form in forms.items()}
        words |= {f"symgd_{sign}": [(_always, _where(sign))] for sign in RELATIONS}
        super().__init__({"order": "none", "user_functions": words})

    def _module_format(self, fqn: str, register: bool = True) -> str:
        return "np." + str(fqn).removeprefix("numpy.").removeprefix("math.")

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        few = expr.exp.is_Integer and 2 <= expr.exp <= 4
        if few and (self.products or (expr.exp > 2 and expr.base.is_Symbol and re.fullmatch(r"\w+", expr.base.name))):
            return "(" + "*".join([self.parenthesize(expr.base, PRECEDENCE["Pow"])] * int(expr.exp)) + ")"
        return str(super()._print_Pow(expr, rational=rational))


def _always(*_: Any) -> bool:
    return True


def _writer(template: str) -> Callable[..., str]:
    """The text of a function of ours: its template filled, arguments and the whole bracketed where they could be torn apart."""
    open_slot = re.search(r"(?<![(,])(?<![(,] )\{|\}(?![),])", template) is not None
    one_call = re.fullmatch(r"[\w.]+\([^()]*\)", template) is not None

    def write(*args: str) -> str:
        inside = [f"({a})" if open_slot and not re.fullmatch(r"[\w.]+", a) else a for a in args]
        text = template.format(*inside)
        return text if one_call else f"({text})"

    return write


def _where(relation: str) -> Callable[..., str]:
    return lambda left, right, value, otherwise: f"np.where({left} {RELATIONS[relation]} {right}, {value}, {otherwise})"


_PRINTER = _Printer()
_SCALARS = _Printer(products=True)


def function_text(f: str) -> str:
    """The NumPy text of a function of ours, with {0}, {1} for its arguments."""
    return _OWN[f] if f in _OWN else FUNCTIONS[f].numpy if f in FUNCTIONS else ""


def printed(t: Term, ids: Mapping[str, str]) -> str:
    """The NumPy text of a term without sums; `ids` gives each symbol's identifier (a KeyError says that one was never checked)."""
    return str(_PRINTER.doprint(_meant(t, ids)))


def print_sympy(e: Any, scalar: bool = False) -> str:
    """The NumPy text of a SymPy expression whose symbols are identifiers already; scalar: for plain floats."""
    return str((_SCALARS if scalar else _PRINTER).doprint(e))


def _meant(t: Term, ids: Mapping[str, str]) -> Any:
    """t in SymPy, unevaluated: its order and shape are what is printed."""

    def go(s: Term) -> Any:
        match s:
            case Num(v):
                return sp.Rational(v.numerator, v.denominator)
            case Name(symbol, ()) if symbol not in ids and symbol in CONSTANTS:
                return CONSTANTS[symbol][0](sp)
            case Name(symbol, _):
                return sp.Symbol(ids[symbol])
            case Add(ts):
                return sp.Add(*map(go, ts), evaluate=False)
            case Mul(fs):
                return sp.Mul(*map(go, fs), evaluate=False)
            case Neg(Num(v)):
                return sp.Rational(-v.numerator, v.denominator)
            case Neg(Mul(fs)):
                return sp.Mul(sp.S.NegativeOne, *map(go, fs), evaluate=False)
            case Neg(a):
                return sp.Mul(sp.S.NegativeOne, go(a), evaluate=False)
            case Div(a, b):
                return sp.Mul(*map(go, parts(Mul, a)), *(sp.Pow(go(f), -1, evaluate=False) for f in parts(Mul, b)), evaluate=False)
            case Pow(a, b):
                return sp.Pow(go(a), go(b), evaluate=False)
            case Call(f, args):
                return sp.Function(f"symgd_{f}")(*map(go, args))
            case Cases(pieces, otherwise):  # a relation stays a word of ours: SymPy would decide it
                out = go(otherwise)
                for value, when in reversed(pieces):
                    out = sp.Function(f"symgd_{when.relation}")(go(when.left), go(when.right), go(value), out)
                return out
        raise TypeError(f"{type(s).__name__} is no part of a plan's line")

    return go(t)
