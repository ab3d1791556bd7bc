r"""The tables of the parser for other people's working: what may begin an expression there, what may follow one.

Terms beyond `language.FUNCTIONS` (the judge gives them their meaning, once shapes are known):
Call("transpose", (X,)) · Call("matmul", (A, B)) for @ and dot · Call("hadamard", (a, b)) for ⊙ · Call("norm", (v,)) and "norm1" · Call("list", …) for [1, 2, 3]
Call("matrix", rows, each a list) · Call("gradient", (L,)) for ∇L · Call("at", (a, w = 2)) for a|_{w=2} · Call("f", …) for a name that is applied
Call("f'", (u,)) for f′ at an expression · D(u, Name("?")) for u′.  Products keep their written order.
"""

from __future__ import annotations

from collections.abc import Callable

from symgd.language import FUNCTIONS
from symgd.reading.functions import arguments, bracketed, condition, exponent, opens
from symgd.reading.grammar import INFIX, PREFIX, factors, group, number
from symgd.reading.loose_names import PRIMED, accented, noted, plain_name, script, spread, student, word
from symgd.reading.names import ACCENTS
from symgd.reading.pratt import LOWEST, MINUS, POWER, PRODUCT, Cursor, Infix, Reading, begins, expression
from symgd.reading.tokens import Token
from symgd.reading.words import labels
from symgd.term import Call, Cases, Compare, D, Div, Mul, Name, Num, Pow, Sum, Term

__all__ = ["LOOSE_INFIX", "LOOSE_PREFIX", "headless"]


def headless(t: Term, labelled: bool = False) -> Term:
    """L for L(w, b): the name alone, where an unknown function is applied to names; not for L(w_new), the value at one place, unless `labelled`."""
    unknown = isinstance(t, Call) and t.function not in _OURS and t.function not in FUNCTIONS and "'" not in t.function
    if unknown and isinstance(t, Call) and all(isinstance(a, Name) and (labelled or _variable(a)) for a in t.args):
        return Name(t.function)
    return t


def _variable(x: Name) -> bool:
    """Is it a quantity, and not one of its values (w_new, w_t, x_i)?"""
    label = x.symbol.partition("_")[2]
    return not x.indices and (not label or label.isdigit() or label in ACCENTS)


_OURS = frozenset(("transpose", "matmul", "hadamard", "norm", "norm1", "list", "matrix", "gradient", "at", "sum", "mean"))


# ---------------------------------------------------------------- sums and averages


def summation(p: Cursor) -> Reading:
    r"""Σ_i body, \sum_{i=0}^n body, Σ body"""
    sign = p.take()
    indices = _bounds(p, sign)
    return _summed(p, sign, indices)


def _summed(p: Cursor, sign: Token, indices: tuple[str, ...]) -> Reading:
    outside = p.bound
    p.bound = (*outside, *(i[0] for i in indices))
    student(p).inside += 1
    body = expression(p, LOWEST if student(p).wide else MINUS)
    student(p).inside -= 1
    student(p).open |= p.sees("+", "-")
    p.bound = outside
    return _sum(p, sign.start, indices, body, "sum")


def _sum(p: Cursor, start: int, indices: tuple[str, ...], body: Reading, kind: str) -> Reading:
    out = body
    for index in reversed(indices):
        out = p.made(Sum(index, out.term), start, body.end, out)
    if kind == "mean" and indices:
        return p.made(Call("mean", (body.term,)), start, body.end, body)
    return out if indices else p.made(Call(kind, (body.term,)), start, body.end, body)


def worded_sum(p: Cursor) -> Reading:
    """sum_i(body), sum(body), mean(body): the bracket alone; with a power outside it, the power of each"""
    t = p.take()
    kind, _, label = t.text.partition("_")
    if label:
        own, indices = labels(label.replace(",", ""), [c for c in label if c.isalpha()])
        if own:
            p.refuse("a sum runs over letters: sum_i, sum_{i=1}^{n}", t)
    else:
        indices = _bounds(p, t)
    if not opens(p) or p.here.spaced:
        return _summed(p, t, indices) if kind == "sum" else p.missing("the bracket after mean")
    outside = p.bound
    p.bound = (*outside, *(i[0] for i in indices))
    student(p).inside += 1
    body = bracketed(p)
    student(p).inside -= 1
    p.bound = outside
    if p.sees("^"):
        noted(p, f"the power is read as belonging to each term under the {kind}", body.start, p.here.end)
        raised = exponent(p)
        body = p.made(Pow(body.term, raised.term), body.start, raised.end, body, raised)
    return _sum(p, t.start, indices, body, kind)


def _bounds(p: Cursor, sign: Token) -> tuple[str, ...]:
    """_i, _{i=1}^{n}, _{i=0}^{n}, _1^n"""
    below = [t.text for t in script(p)] if _taken(p, "_") else []
    upper = [t.text for t in script(p)] if _taken(p, "^") else []
    if not below and not upper:
        return ()
    place = Token("", "", sign.start, p.last.end)
    end = "".join(upper)
    if end:
        student(p).counts.append(end)
    letters, lower = (below[: below.index("=")], below[below.index("=") + 1 :]) if "=" in below else (below, [])
    if "∈" in letters:
        letters = letters[: letters.index("∈")]
    if letters == ["1"] or not letters:
        noted(p, "the sum names no index", sign.start, p.last.end)
        return ()
    own, indices = labels("".join(t for t in letters if t not in ("_", ",", "(", ")")), [c for t in letters for c in t if c.isalpha()])
    if own or not indices or len(set(indices)) < len(indices):
        p.refuse("a sum runs over letters: sum_i, sum_{i=1}^{n}", place)
    if lower == ["0"] and end and not end.endswith("-1"):
        noted(p, f"the sum from {indices[0]} = 0 to {end} is read as one over all samples", sign.start, p.last.end)
    elif lower not in ([], ["0"], ["1"]) or (end.endswith("-1") and lower != ["0"]):
        p.refuse("a sum is read only over a whole axis, from 1 to n", place)
    return indices


def _taken(p: Cursor, sign: str) -> bool:
    seen = p.sees(sign)
    p.at += seen
    return seen


def expectation(p: Cursor) -> Reading:
    r"""\mathbb{E}[…] is the mean"""
    sign = p.take()
    if _taken(p, "_"):
        script(p)
    if not opens(p):
        p.missing("the bracket of the mean")
    body = bracketed(p)
    return p.made(Call("mean", (body.term,)), sign.start, body.end, body)


def letter(p: Cursor) -> Reading:
    """E[…] is a mean too"""
    t = p.here
    if t.text == "E" and "E" not in p.declared and p.tokens[p.at + 1].text == "[":
        return expectation(p)
    return word(p)


# ---------------------------------------------------------------- derivatives and fractions


def fraction(p: Cursor) -> Reading:
    r"""\frac{a}{b}, \frac{dL}{dw}, \frac{\partial J(\theta)}{\partial \theta_1}"""
    command = p.take()
    if p.here.text != "{":
        p.missing("a part of the fraction")
    if _is_d(p.tokens[p.at + 1]) and p.tokens[p.closing[p.at] + 1].text == "{" and _is_d(p.tokens[p.closing[p.at] + 2]):
        return _barred(p, command)
    top = bracketed(p)
    if p.here.text != "{":
        p.missing("a part of the fraction")
    bottom = bracketed(p)
    return p.made(Div(top.term, bottom.term), command.start, p.last.end, top, bottom)


def _is_d(t: Token) -> bool:
    return t.kind == "op" and t.text in ("d", "∂")


def _barred(p: Cursor, command: Token) -> Reading:
    end = p.closing[p.at]
    p.at += 1
    p.take()
    order = _order(p)
    of = None if p.at == end else expression(p)
    if p.at != end:
        p.refuse("this numerator is not read")
    p.at += 2
    by = _denominator(p)
    if not p.sees("}"):
        p.missing("the end of the fraction")
    p.at += 1
    return _rate(p, command.start, order, of, by)


def derivative(p: Cursor) -> Reading:
    """du/dw, d/dw (…), d²y/dx², ∂_w L"""
    d = p.take()
    if p.sees("_"):
        p.at += 1
        return _lowered(p, d)
    order = _order(p)
    of = None if p.sees("/") else expression(p, POWER)
    if not p.sees("/"):
        p.refuse(f"{d.text} stands here without the {d.text}… that it is divided by", d)
    p.at += 1
    return _rate(p, d.start, order, of, _denominator(p))


def _lowered(p: Cursor, d: Token) -> Reading:
    r"""\partial_w L, \nabla_w L, \nabla_{w} (…)"""
    if p.here.kind == "open":
        end = p.closing[p.at]
        p.at += 1
        by = [plain_name(p)]
        while _taken(p, ","):
            by.append(plain_name(p))
        if p.at != end:
            p.refuse("names are expected here")
        p.at += 1
    else:
        t = p.take()
        by = [p.made(Name(t.text), t.start, t.end)]
    if len(by) > 1:
        body = _operand(p)
        return spread(Call("gradient", (headless(body.term), *(x.term for x in by))), d.start, body.end)
    return _rate(p, d.start, 1, None, by)


def nabla(p: Cursor) -> Reading:
    r"""\nabla L, \nabla_w L, \nabla f(\beta)"""
    sign = p.take()
    if _taken(p, "_"):
        return _lowered(p, sign)
    if p.sees("^"):
        p.refuse("a second gradient is not read")
    body = expression(p, POWER - 1)
    return p.made(Call("gradient", (headless(body.term),)), sign.start, body.end, body.at(body.start, body.end))


def _order(p: Cursor) -> int:
    if not p.sees("^"):
        return 1
    power = exponent(p)
    if not isinstance(power.term, Num) or power.term.value not in (1, 2, 3, 4):
        p.refuse("a derivative has the order 1, 2, 3 or 4", power)
    return int(power.term.value)


def _denominator(p: Cursor) -> list[Reading]:
    by: list[Reading] = []
    while _is_d(p.here):
        p.at += 1
        inner = p.here.kind == "open" and p.here.text in ("(", "{")
        close = p.tokens[p.closing[p.at]].text if inner else ""
        p.at += inner
        x = plain_name(p)
        if inner and not _taken(p, close):
            p.refuse("a derivative is taken by a name", x)
        if p.sees("ᵀ"):
            p.at += 1
        by += [x] * _order(p)
    if not by:
        p.missing("the name that is derived by")
    return by


def _rate(p: Cursor, start: int, order: int, of: Reading | None, by: list[Reading]) -> Reading:
    if len(by) != order:
        p.refuse(f"above stands a derivative of order {order}, below of order {len(by)}", Token("", "", start, p.last.end))
    body = _operand(p) if of is None else of
    end = max(p.last.end, body.end)
    inner = headless(body.term)
    out = body if inner is body.term else spread(inner, body.start, body.end)
    partial = not isinstance(out.term, Name) and not (isinstance(out.term, D) and not out.term.partial)
    for x in reversed(by):
        assert isinstance(x.term, Name)
        out = p.made(D(out.term, x.term, partial), start, end, out, x)
    return out


def _operand(p: Cursor) -> Reading:
    """What d/dw is applied to: a bracket with its power, a sum, or the factors up to a sign or to the next derivative."""
    if student(p).wide:
        return expression(p)
    if opens(p):
        out = expression(p, POWER - 1)
        if opens(p) and not p.here.spaced:
            p.refuse("does the derivative take this bracket as well?", hint="put the whole into brackets")
        return out
    pieces = [expression(p, MINUS if p.sees("Σ") else POWER - 1)]
    while begins(p) and not _is_rate(p):
        pieces.append(expression(p, MINUS if p.sees("Σ") else POWER - 1))
    student(p).open |= p.sees("+", "-")
    return pieces[0] if len(pieces) == 1 else _product(p, pieces)


def _product(p: Cursor, pieces: list[Reading]) -> Reading:
    flat = [x for piece in pieces for x in (piece.parts if isinstance(piece.term, Mul) else (piece,))]
    return p.made(Mul(tuple(x.term for x in flat)), pieces[0].start, pieces[-1].end, *flat)


def _is_rate(p: Cursor) -> bool:
    """Does a derivative begin here?"""
    return _is_d(p.here) or (p.here.text == "frac" and p.here.kind == "command" and _is_d(p.tokens[p.at + 2]))


# ---------------------------------------------------------------- brackets, lists, matrices, norms


def grouped(p: Cursor) -> Reading:
    """(…), [1, 2, 3], ‖v‖, rows of a matrix"""
    t = p.here
    if t.text == "‖(":
        return _norm(p)
    if t.text == "matrix(":
        return _matrix(p)
    if t.text in ("(", "[") and _has_comma(p):
        items = arguments(p)
        return p.made(Call("list", tuple(x.term for x in items)), t.start, p.last.end, *items)
    if t.text == "[" and _number_alone(p):
        items = arguments(p)
        return p.made(Call("list", (items[0].term,)), t.start, p.last.end, items[0])
    return _cases(p) if t.text == "cases(" else group(p)


def _cases(p: Cursor) -> Reading:
    r"""\begin{cases} value & if condition \\ … \end{cases}; the last piece holds otherwise, with a note where it has a condition"""
    first = p.take()
    pieces: list[tuple[Reading, Reading | None]] = []
    while not p.sees("cases)"):
        value = expression(p)
        _between(p)
        when = None
        if p.here.text in ("otherwise", "else"):
            p.at += 1
        elif not p.sees("cases)", "newrow"):
            when = condition(p, expression(p))
        pieces.append((value, when))
        while p.sees("newrow", ",", ".", "&", "gap", ".*"):
            p.at += 1
    end = p.take().end
    if len(pieces) < 2 or any(when is None for _, when in pieces[:-1]):
        p.refuse("cases are read as value, condition, …, and a last value otherwise", Token("", "", first.start, end))
    last, final = pieces[-1]
    if final is not None:
        noted(p, "the last case is read as the one that holds otherwise", final.start, final.end)
    chosen = [(value, when) for value, when in pieces[:-1] if when is not None]
    whole = Cases(tuple((v.term, w.term) for v, w in chosen if isinstance(w.term, Compare)), last.term)
    return p.made(whole, first.start, end, *(x for pair in chosen for x in pair), last)


def _between(p: Cursor) -> None:
    """What stands between a value and its condition."""
    while p.sees("&", ",", "gap", "prose", ":") or p.here.text in ("if", "for"):
        p.at += 1


def _number_alone(p: Cursor) -> bool:
    return p.closing[p.at] == p.at + 2 and p.tokens[p.at + 1].kind == "number" and not (p.at and p.last.kind in ("word", "close", "number"))


def _has_comma(p: Cursor) -> bool:
    at = p.at + 1
    while at < p.closing[p.at]:
        if p.tokens[at].kind == "op" and p.tokens[at].text in (",", ";"):
            p.tokens[at] = p.tokens[at]._replace(text=",")
            return True
        at = p.closing.get(at, at) + 1
    return False


def _norm(p: Cursor) -> Reading:
    """‖v‖, ‖v‖_2, ‖v‖_1"""
    sign = p.take()
    body = expression(p)
    if not p.sees("‖)"):
        p.missing("the second bar of the norm")
    p.at += 1
    label = "".join(t.text for t in script(p)) if _taken(p, "_") else "2"
    if label not in ("1", "2", "F"):
        p.refuse(f"the norm {label[:20]} is not read", sign)
    return p.made(Call("norm1" if label == "1" else "norm", (body.term,)), sign.start, p.last.end, body)


def _matrix(p: Cursor) -> Reading:
    r"""\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}: a matrix of rows"""
    sign = p.take()
    rows: list[Reading] = []
    while not p.sees("matrix)"):
        cells = [expression(p)]
        while _taken(p, "&"):
            cells.append(expression(p))
        rows.append(p.made(Call("list", tuple(c.term for c in cells)), cells[0].start, cells[-1].end, *cells))
        if not _taken(p, "newrow") and not p.sees("matrix)"):
            p.refuse("a matrix has rows and columns")
    p.at += 1
    if not rows:
        p.refuse("there is nothing between these brackets", sign)
    return p.made(Call("matrix", tuple(r.term for r in rows)), sign.start, p.last.end, *rows)


# ---------------------------------------------------------------- what follows an expression


def transposed(p: Cursor, left: Reading) -> Reading:
    """Xᵀ"""
    p.at += 1
    return p.made(Call("transpose", (left.term,)), left.start, p.last.end, left)


def primed(p: Cursor, left: Reading) -> Reading:
    """(u v)′"""
    p.at += 1
    return spread(D(left.term, PRIMED, partial=True), left.start, p.last.end)


def pairing(function: str) -> Callable[[Cursor, Reading], Reading]:
    """a ⊙ b, A @ B"""

    def build(p: Cursor, left: Reading) -> Reading:
        p.at += 1
        right = expression(p, PRODUCT)
        return p.made(Call(function, (left.term, right.term)), left.start, right.end, left, right)

    return build


def method(function: str) -> Callable[[Cursor, Reading], Reading]:
    """(…).sum(), (…).mean()"""

    def build(p: Cursor, left: Reading) -> Reading:
        p.at += 1
        return p.made(Call(function, (left.term,)), left.start, p.last.end, left)

    return build


def divided(p: Cursor, left: Reading) -> Reading:
    """a/2n is a/(2n), with a note; else as everywhere"""
    p.at += 1
    if p.sees("+", "-"):
        sign = p.take()
        bottom = expression(p, PRODUCT)
        bottom = bottom if sign.text == "+" else spread(-bottom.term, sign.start, bottom.end)
    else:
        bottom = expression(p, PRODUCT)
    if p.here.kind == "word" and not p.here.spaced and p.last.kind in ("number", "word") and isinstance(bottom.term, Num | Name):
        more = expression(p, POWER - 1)
        noted(p, f"{p.text[left.start : more.end]} is read with {p.text[bottom.start : more.end]} below the bar", left.start, more.end)
        bottom = _product(p, [bottom, more])
    return p.made(Div(left.term, bottom.term), left.start, bottom.end, left, bottom)


def placed(p: Cursor, left: Reading) -> Reading:
    r"""\left. a \right|_{w = 2}: a at w = 2"""
    p.at += 2
    end = p.closing[p.at]
    p.at += 1
    items = []
    while p.at < end:
        items.append(condition(p, expression(p)))
        if p.at < end and not _taken(p, ","):
            p.refuse("a value such as w = 2 is expected here")
    p.at += 1
    return p.made(Call("at", (left.term, *(x.term for x in items))), left.start, p.last.end, left, *items)


def powered(p: Cursor, left: Reading) -> Reading:
    """a^b; a^* b is a b with a note"""
    caret = p.here
    after = p.tokens[p.at + 1]
    inside = [t.text for t in p.tokens[p.at + 1 : p.at + 4]]
    if after.text == "*" or inside == ["{", "*", "}"]:
        p.at += 2 if after.text == "*" else 4
        if not begins(p):
            p.refuse("a raised star is read only on a name", caret)
        p.at -= 1
        p.tokens[p.at] = p.tokens[p.at]._replace(kind="op", text="*")
        if not any(s <= caret.start < e for _, s, e in student(p).notes):
            noted(p, "the raised star is read as a product sign", caret.start, p.here.end)
        return factors(p, left)
    return _euler(p, left) if left.term == Name("e") else INFIX["^"].build(p, left)


def _euler(p: Cursor, left: Reading) -> Reading:
    """e^{-z} is exp(−z); e^2 is the square of an error where e is one"""
    raised = exponent(p)
    end = max(left.end, raised.end)
    if isinstance(raised.term, Num) and ("e" in p.declared or student(p).inside or "e" in student(p).letters):
        return p.made(Pow(left.term, raised.term), left.start, end, left, raised)
    return p.made(Call("exp", (raised.term,)), left.start, end, raised)


def below(p: Cursor, left: Reading) -> Reading:
    """A subscript on a bracket is not read."""
    p.refuse("a subscript stands on a name")


LOOSE_PREFIX: dict[str, Callable[[Cursor], Reading]] = PREFIX | {
    "word": letter, "phrase": word, "open": grouped, "number": number, "Σ": summation, "Σword": worded_sum, "𝔼": expectation,
    "∂": derivative, "d": derivative, "frac": fraction, "∇": nabla, "hat": accented, "bar": accented, "tilde": accented,
}  # fmt: skip

LOOSE_INFIX = INFIX | {
    "/": Infix(30, divided), "^": Infix(POWER, powered), "ᵀ": Infix(POWER, transposed), "'": Infix(POWER, primed), "⊙": Infix(PRODUCT, pairing("hadamard")),
    "@": Infix(PRODUCT, pairing("matmul")), ".sum": Infix(POWER, method("sum")), ".mean": Infix(POWER, method("mean")), "at": Infix(POWER, placed),
}  # fmt: skip
