r"""Names and what follows them in other people's working: u', L'(w), \sigma'(z), h_\theta(x^{(i)}), J(\theta_0, \theta_1), mileage(i).

A name before a bracket is a function where the writer said so; where the bracket holds names alone and the letter is one that
functions have (f, g, h, J, L, …), or carries a hat, or is a word; and where only an index stands in the bracket.
Everything else before a bracket is a factor.
"""

from __future__ import annotations

from symgd.language import FUNCTIONS, GREEK
from symgd.reading.functions import arguments, bracketed, call, cases, function, opens
from symgd.reading.loose_names import PRIMED, noted, plain_name, spread, student
from symgd.reading.names import ACCENTS
from symgd.reading.pratt import Cursor, Reading, begins
from symgd.reading.tokens import Token
from symgd.reading.words import INDEX_LETTERS
from symgd.term import ONE, TWO, ZERO, Call, Cases, Compare, D, Name, Pow, Term, size

__all__ = ["accented", "transposes", "word"]

LOSSES = frozenset((
    "J", "L", "C", "E", "Q", "R", "S", "H", "l", "F", "Loss", "loss", "MSE", "mse", "SSE", "RSS", "MAE", "BCE", "CE", "Cost", "cost", "Error", "error", "risk",
))  # fmt: skip
APPLIED = frozenset(("f", "g", "h", "phi", "psi", "G")) | LOSSES
_LARGEST = 200  # nodes
ALWAYS_APPLIED = frozenset(("f", "g"))
OBJECTIVES = frozenset(("L", "J", "MSE", "Loss", "loss", "Cost", "cost"))
NUMPY = {"dot": "matmul", "matmul": "matmul", "multiply": "hadamard", "norm": "norm", "transpose": "transpose", "square": "square"}


def word(p: Cursor) -> Reading:
    """A name, a function with its arguments, or a word that is notation."""
    t = p.here
    if t.text == "𝟏":  # a column of ones
        p.at += 1
        return p.made(Name(t.text), t.start, t.end)
    head, _, label = t.text.partition("_")
    f = function(head)
    if head == "sigma" and p.tokens[p.at + 1].text == "'" and not label:
        f = "sigmoid"
    if t.text not in p.declared and t.text not in p.functions_of:
        if f and p.tokens[p.at + 1].text == "'":
            return _outer(p, f)
        if head in ("sum", "mean"):
            return p.prefix["Σword"](p)
        if t.text == "cases":
            return cases(p)
        if t.text == "indicator" and p.tokens[p.at + 1].kind == "open":
            return _indicator(p)
        if f and (not label or f == "log"):
            p.at += 1
            return call(p, f, label)
        if head == "sigma" and not label and p.tokens[p.at + 1].kind == "open" and p.tokens[p.at + 1].text != "{" and not _recurs(p, head):
            p.at += 1
            return call(p, "sigmoid")
        if found := _d_by_d(p, t):
            return found
    if t.kind == "phrase" and (named := _gloss(p)):
        return named
    if t.text == "Delta" and p.tokens[p.at + 1].kind == "word":
        p.at += 1
        inner = plain_name(p)
        assert isinstance(inner.term, Name)
        return p.made(Name("Delta_" + inner.term.symbol, inner.term.indices), t.start, inner.end)
    return _followed(p, plain_name(p))


def _indicator(p: Cursor) -> Reading:
    """1[z > 0] is 1 where the condition holds, else 0."""
    head = p.take()
    (inner, *more) = arguments(p)
    if more or not isinstance(inner.term, Compare):
        p.refuse("a condition such as z > 0 is expected here", inner)
    return spread(Cases(((ONE, inner.term),), ZERO), head.start, p.last.end)


def _recurs(p: Cursor, head: str) -> bool:
    """Does the name stand in its own bracket, as a value: σ(1 − σ)?"""
    end = p.closing[p.at + 1]
    return any(p.tokens[k].text == head and p.tokens[k + 1].kind != "open" for k in range(p.at + 2, end))


def accented(p: Cursor) -> Reading:
    r"""\hat{y}, \hat y_i, \hat{y}(x_i); \overline{x y} is a mean"""
    if p.here.text == "bar" and p.tokens[p.at + 1].text == "{" and not _one_name(p):
        bar = p.take()
        body = bracketed(p)
        noted(p, f"the bar over {p.text[body.start : body.end]} is read as the mean", bar.start, body.end)
        return p.made(Call("mean", (body.term,)), bar.start, body.end, body)
    return _followed(p, plain_name(p))


def _one_name(p: Cursor) -> bool:
    """Does one name stand under the accent here?"""
    at, end = p.at + 2, p.closing[p.at + 1]
    if p.tokens[at].kind == "command" and p.tokens[at].text in ACCENTS:
        at += 1
        at = p.closing.get(at, at)
    at += 1
    while at < end and p.tokens[at][:2] == ("op", "_"):
        at = p.closing.get(at + 1, at + 1) + 1
    return at == end


def _d_by_d(p: Cursor, t: Token) -> Reading | None:
    """dL_dw is ∂L/∂w"""
    above, mark, below = t.text.partition("_d")
    if p.syntax != "ascii" or not mark or len(above) < 2 or above[0] != "d" or not below or not below[0].isalpha() or not above[1].isalpha():
        return None
    p.at += 1
    return spread(D(Name(above[1:]), Name(below)), t.start, t.end)


def _gloss(p: Cursor) -> Reading | None:
    r"""\text{New weight } (w_{new}) is w_new: the words explain the name."""
    at = p.at + 1
    if p.tokens[at].text != "(" or any(t.kind == "op" and t.text != "_" for t in p.tokens[at + 1 : p.closing[at]]):
        return None
    words = [t for k, t in enumerate(p.tokens[at + 1 : p.closing[at]]) if t.kind in ("word", "phrase") and p.tokens[at + k].text not in ("_", "{")]
    if len(words) != 1 or p.tokens[at + 1].kind not in ("word", "command"):
        return None
    phrase = p.take()
    p.at += 1
    out = plain_name(p)
    if not p.sees(")"):
        p.refuse("one name is read between these brackets")
    end = p.take().end
    noted(p, f"“{p.text[phrase.start : phrase.end].strip()}” is read as the words for {p.text[out.start : out.end]}", phrase.start, end)
    return out.at(phrase.start, end)


# ---------------------------------------------------------------- what follows a name


def _followed(p: Cursor, head: Reading) -> Reading:
    """The name, its derivative u', or its application."""
    if not isinstance(head.term, Name):
        return head
    if p.sees("'"):
        return _primed(p, head)
    if opens(p) and p.here.text == "(" and (kind := _application(p, head.term)):
        return _applied(p, head, kind)
    return head


def _outer(p: Cursor, f: str) -> Reading:
    r"""\sigma'(z): the derivative of a known function, taken at its argument"""
    head = p.take()
    if p.here.text == "'" and p.tokens[p.at + 1].text == "'":
        p.refuse("a second derivative is written with d²/dz²")
    p.at += 1
    if not opens(p):
        return spread(D(Name(head.text), PRIMED), head.start, p.last.end)
    inner = arguments(p)[0]
    row = FUNCTIONS[f]
    if isinstance(inner.term, Name):
        return spread(D(Call(f, (inner.term,)), inner.term, partial=True), head.start, p.last.end)
    if size(inner.term) > _LARGEST:  # σ' holds its argument twice
        p.refuse(f"what stands in this bracket is too long for {f}'", inner, "give it a name")
    if row.derivative is None:
        p.refuse(f"a derivative of {f} is not read here", head)
    return spread(row.derivative(inner.term), head.start, p.last.end)


def _primed(p: Cursor, head: Reading) -> Reading:
    """u' by what the surroundings say, L'(w) by w, u'' twice"""
    assert isinstance(head.term, Name)
    times = 0
    while p.sees("'"):
        times += 1
        p.at += 1
    if times > 4:
        p.refuse("a derivative has the order 1, 2, 3 or 4")
    if times == 1 and begins(p) and (head.term.symbol == "X" or transposes(p.text)):  # X'X: a transpose
        noted(p, f"{head.term.symbol}′ is read as the transpose of {head.term.symbol}", head.start, p.last.end)
        return spread(Call("transpose", (head.term,)), head.start, p.last.end)
    of: Term = head.term
    by = PRIMED
    if opens(p) and p.here.text == "(" and (pieces := _pieces(p)) and pieces[0] == 1 and pieces[1]:
        inner = arguments(p)[0]
        if isinstance(inner.term, Name):
            by = inner.term
            of = Call(head.term.symbol, (by,)) if head.term.symbol in p.functions_of else of
    elif opens(p) and p.here.text == "(" and (head.term.symbol in APPLIED or head.term.symbol in p.functions_of):
        inner = arguments(p)[0]
        return p.made(Call(head.term.symbol + "'" * times, (inner.term,)), head.start, p.last.end, inner)
    for _ in range(times):
        of = D(of, by)
    return spread(of, head.start, p.last.end)


def transposes(text: str) -> bool:
    """Are the primes of the line transposes?  They are where X has one."""
    return any(mark in text for mark in ("X'", "X′", "X’", "X^\\prime", "X^{\\prime}"))


def _pieces(p: Cursor) -> tuple[int, bool]:
    """In the bracket here: how many pieces between commas, and is each one name?"""
    count, plain, heads = 1, True, 0
    tokens = p.tokens
    at, end = p.at + 1, p.closing[p.at]
    while at < end:
        t = tokens[at]
        if t.text in (",", ";") and t.kind == "op":
            count, plain, heads = count + 1, plain and heads == 1, 0
        elif t.kind == "op" and t.text in ("_", "^"):
            plain = plain and (t.text == "_" or tokens[at + 1].text in ("i", "j") or tokens[at + 2].text in ("(", "[", "i", "j"))
            at = p.closing.get(at + 1, at + 1)
        elif t.kind == "command" and t.text in ACCENTS:
            heads += 1
            at = p.closing.get(at + 1, at + 1)
        elif t.kind in ("word", "phrase"):
            heads += 1
        elif t[:2] != ("op", "'"):
            plain = False
            if t.kind == "open":
                at = p.closing[at]
        at += 1
    return count, plain and heads == 1


def _application(p: Cursor, head: Name) -> str:
    """Is the bracket here an argument ("call"), an index ("index"), the list of what the name depends on ("name"), or a factor ("")?"""
    symbol, base = head.symbol, head.symbol.partition("_")[0]
    if symbol in NUMPY:
        return "call"
    count, plain = _pieces(p)
    if symbol in p.functions_of:
        return "call"
    inside = p.tokens[p.at + 1 : p.closing[p.at]]
    if len(inside) == 1 and inside[0].kind == "word" and inside[0].text not in p.declared and (inside[0].text in p.bound or inside[0].text in ("i", "j")):
        return "index"
    if len(inside) == 1 and inside[0].kind == "number":
        return "call" if symbol in APPLIED or base in APPLIED else ""
    if plain and count > 1:
        return "name" if _unmarked(inside) and base in LOSSES else "call"
    is_word = len(base) > 1 and base.isalpha() and base not in GREEK and not p.here.spaced
    if plain:
        if base in LOSSES:
            return "name" if _unmarked(inside) else "call"
        hat = any(symbol.endswith("_" + a) for a in ACCENTS)
        return "call" if base in APPLIED or hat or (is_word and symbol not in p.declared) else ""
    if any(t.text == base for t in inside):
        return ""
    always = base in ALWAYS_APPLIED or base in OBJECTIVES
    if (always and not head.indices) or (base == "h" and symbol != "h") or base == "phi" or count > 1:
        return "call"
    if is_word and symbol not in p.declared and base not in LOSSES and not head.indices and "_" not in symbol:
        p.refuse(f"{symbol} is not a function that is known here", p.last, f"write {symbol}*(…) for a product")
    return ""


def _unmarked(inside: list[Token]) -> bool:
    """J(w, b), but not J(w_{new}) or L(x_i)"""
    quiet = all(t.kind in ("word", "number", "command", "open", "close") or t.text in (",", ";", "_", "^") for t in inside)
    return quiet and not any(t.text in ("new", "old", "plus") or t.text.split("_")[-1] in INDEX_LETTERS for t in inside)


def _applied(p: Cursor, head: Reading, kind: str) -> Reading:
    assert isinstance(head.term, Name)
    if kind == "index":
        p.at += 1
        index = p.take().text
        p.at += 1
        return p.made(Name(head.term.symbol, (*head.term.indices, index)), head.start, p.last.end)
    for k in range(p.at, p.closing[p.at]):  # f(x; w)
        if p.tokens[k][:2] == ("op", ";"):
            p.tokens[k] = p.tokens[k]._replace(text=",")
    args = arguments(p)
    if kind == "name":
        student(p).applied.setdefault(head.term.symbol, tuple(a.term for a in args))
        return head.at(head.start, p.last.end)
    f = NUMPY.get(head.term.symbol, head.term.symbol)
    if f == "square" and len(args) == 1:
        two = spread(TWO, p.last.start, p.last.end)
        return p.made(Pow(args[0].term, TWO), head.start, p.last.end, args[0], two)
    return p.made(Call(f, tuple(a.term for a in args)), head.start, p.last.end, *args)
