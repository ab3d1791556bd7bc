"""Matrix notation is the same term: what is written in arrays is read back from its text, and has the same value at every index."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from hashlib import blake2b

import pytest

from symgd.arrays.array import Letters
from symgd.arrays.elaborate import Walk
from symgd.arrays.known import Known
from symgd.arrays.places import Place
from symgd.backward import derive
from symgd.catalogue import problem
from symgd.indices import axis, free, fresh, rename
from symgd.reading.arrays import read_arrays
from symgd.term import (
    ONE, TWO, ZERO, Add, Call, Cases, Compare, D, Det, Div, Inverse, Match, Mul, Name, Neg, Num, Pow, Sum, Term, names, replace, subterms,
)  # fmt: skip
from symgd.typeset import to_latex, to_mathml, to_speech, to_unicode
from symgd.typeset.layout import Convention, axes_of, in_arrays, layout
from symgd.typeset.legend import explained
from symgd.typeset.marks import array_mark, ident, rank

# ---------------------------------------------------------------- the value of a term, in the field of 2⁶¹ − 1 elements

PRIME = 2**61 - 1
SIZES = {"i": 4, "j": 3, "h": 2, "k": 5, "h1": 2, "h2": 5, "h3": 3}


def mixed(*parts: object) -> int:
    """An unrelated value for each different thing."""
    return int.from_bytes(blake2b(repr(parts).encode(), digest_size=7).digest(), "big")


def whole(v: Fraction) -> int:
    return v.numerator * pow(v.denominator, -1, PRIME) % PRIME


def entries(t: Det | Inverse, at: dict[str, int]) -> list[list[int]]:
    rows, columns = SIZES[axis(t.row)], SIZES[axis(t.column)]
    return [[value(t.entry, {**at, t.row: r, t.column: c}) for c in range(columns)] for r in range(rows)]


def eliminated(m: list[list[int]]) -> tuple[int, list[list[int]]]:
    """The determinant, and the inverse, by Gauss."""
    size, det = len(m), 1
    m = [row + [int(k == r) for k in range(size)] for r, row in enumerate(m)]
    for c in range(size):
        pivot = next(r for r in range(c, size) if m[r][c])
        if pivot != c:
            m[c], m[pivot], det = m[pivot], m[c], -det
        det = det * m[c][c] % PRIME
        scale = pow(m[c][c], -1, PRIME)
        m[c] = [v * scale % PRIME for v in m[c]]
        for r in range(size):
            if r != c:
                m[r] = [(v - m[r][c] * w) % PRIME for v, w in zip(m[r], m[c], strict=True)]
    return det % PRIME, [row[size:] for row in m]


def value(t: Term, at: dict[str, int]) -> int:
    """Functions of numbers are arbitrary but fixed; sums, products, whole powers, determinants and inverses are what they are."""
    match t:
        case Num(v):
            return whole(v)
        case Name(symbol, indices):
            return mixed(symbol, [at[a] for a in indices])
        case Add(ts):
            return sum(value(s, at) for s in ts) % PRIME
        case Mul(fs):
            out = 1
            for f in fs:
                out = out * value(f, at) % PRIME
            return out
        case Div(p, q):
            return value(p, at) * pow(value(q, at), -1, PRIME) % PRIME
        case Neg(p):
            return -value(p, at) % PRIME
        case Pow(p, Num(v)) if v.denominator == 1:
            return pow(value(p, at), int(v), PRIME)
        case Pow(p, Num(v)) if v == Fraction(1, 2):
            return mixed("sqrt", [value(p, at)])
        case Pow(p, q):
            return mixed("power", value(p, at), value(q, at))
        case Call(f, args):
            return mixed(f, [value(p, at) for p in args])
        case Sum(a, body):
            return sum(value(body, {**at, a: k}) for k in range(SIZES[axis(a)])) % PRIME
        case Match(a, b):
            return int(at[a] == at[b])
        case Det():
            return eliminated(entries(t, at))[0]
        case Inverse(a, b, _, _, _):
            return eliminated(entries(t, at))[1][at[a]][at[b]]
        case Cases(pieces, otherwise):
            return mixed([(value(p, at), value(c, at)) for p, c in pieces], value(otherwise, at))
        case Compare(p, sign, q):
            return mixed(value(p, at), sign, value(q, at))
    raise TypeError(t)


def places(letters: tuple[str, ...]) -> Iterator[dict[str, int]]:
    if not letters:
        yield {}
        return
    for rest in places(letters[1:]):
        for k in range(SIZES[axis(letters[0])]):
            yield {letters[0]: k, **rest}


# ---------------------------------------------------------------- reading back


def written(symbol: str, axes: int) -> str:
    """The symbol as its mark is read: the matrix of z1 is Z1."""
    lifted = array_mark(symbol, axes).letters != ident(symbol).letters
    return symbol[0].upper() + symbol[1:] if lifted else symbol


def read_back(text: str, t: Term, order: tuple[str, ...]) -> Term:
    """The term that the text says, with the shapes of the names in t."""
    shapes = {written(s.symbol, len(s.indices)): s for s in subterms(t) if isinstance(s, Name)}
    letters = {a: b for b in sorted({axis(a) for s in shapes.values() for a in s.indices}) for a in [{"i": "n"}.get(b, f"size_{b}")]}
    known = Known({new: tuple(map(axis, s.indices)) for new, s in shapes.items()}, letters)
    found = Walk(known, Place(text), True, Letters()).whole(read_arrays(text, frozenset(shapes) | set(letters)))
    whole = found.term
    for name, line, _ in reversed(known.tape):  # what the elaboration gave a name

        def unfolded(s: Term, name: Name = name, line: Term = line) -> Term | None:
            same = isinstance(s, Name) and s.symbol == name.symbol
            return rename(line, dict(zip(name.indices, s.indices, strict=True))) if same and isinstance(s, Name) else None

        whole = replace(whole, unfolded)
    whole = replace(whole, lambda s: Name(shapes[s.symbol].symbol, s.indices) if isinstance(s, Name) and s.symbol in shapes else None)
    aside: dict[str, str] = {}
    for a in found.letters:
        aside[a] = fresh(a, (*order, *found.letters, *aside.values()))
    return rename(rename(whole, aside), dict(zip(aside.values(), order, strict=True)))


def check(t: Term, order: tuple[str, ...]) -> str:
    """"" where both texts of the matrix form are read back as t; else what is wrong."""
    shape = in_arrays(t, order)
    if shape is None:
        return f"no matrix form: {t}"
    for text in (to_latex(shape), to_unicode(shape)):
        back = read_back(text, t, order)
        if free(back) != free(t) or any(value(back, at) != value(t, at) for at in places(order)):
            return f"{text} was read as {back}"
    return ""


def by_name(t: Term) -> Term:
    """Sensitivities ∂L/∂z_ih as arrays of their own."""
    return replace(t, lambda s: Name(f"g_{s.by.symbol}", s.by.indices) if isinstance(s, D) and s.of == Name("L") else None)


PROBLEMS = [
    "plane+squared", "plane+squared+ridge", "plane+huber+lasso", "plane+log-cosh", "logistic-plane+log-loss", "softmax+softmax-cross-entropy",
    "network-1+squared", "network-2+softmax-cross-entropy", "network-3-sigmoid+squared",
]  # fmt: skip


@cache
def gradient(name: str):  # type: ignore[no-untyped-def]
    return derive(problem(name))


def local(goal: D) -> bool:
    """∂a_ih/∂z_ih, of entries: no array."""
    return isinstance(goal.of, Name) and bool(goal.of.indices)


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_line_of_a_derivation_that_has_a_matrix_form_is_read_back_from_it(name: str) -> None:
    g = gradient(name)
    lines = [(d.value, d.name.indices) for d in g.problem.tape]
    for d in g.tape:
        assert isinstance(d.goal, D)
        if not local(d.goal):
            steps = [s.after for s in (*d.steps, *d.in_full) if in_arrays(by_name(s.after), axes_of(d.goal)) is not None]
            lines += [(by_name(t), axes_of(d.goal)) for t in (d.result, *steps)]
    lines = list(dict.fromkeys((t, order) for t, order in lines if not any(isinstance(s, D) for s in subterms(t))))
    assert [wrong for t, order in lines if (wrong := check(t, order))] == []
    assert len(lines) > 2 * len(g.problem.parameters)


# ---------------------------------------------------------------- identities, as they stand in tables of matrix calculus


def N(symbol: str, *indices: str) -> Name:
    return Name(symbol, indices)


def S(*parts: str | Term) -> Term:
    """Σ over each letter, of the last"""
    *letters, body = parts
    for a in reversed(letters):
        assert isinstance(a, str)
        assert isinstance(body, Term)
        body = Sum(a, body)
    assert isinstance(body, Term)
    return body


def call(f: str, *args: Term) -> Call:
    return Call(f, args)


def A(a: str = "j", b: str = "j'") -> Name:
    return N("A", a, b)


def B(a: str = "j", b: str = "j'") -> Name:
    return N("B", a, b)


def X(a: str = "i", b: str = "j") -> Name:
    return N("X", a, b)


def inv(a: str = "j", b: str = "j'") -> Inverse:
    return Inverse(a, b, "j", "j'", A())


def gram(a: str = "j", b: str = "j'") -> Term:
    return Sum("i", X("i", a) * X("i", b))


n, lam, delta = N("n"), N("lam"), N("delta")
w, v, u, y, s, p = N("w", "j"), N("v", "j"), N("u", "i"), N("y", "i"), N("s", "i"), N("p", "i")
Z, P, T, E, G = (N(x, "i", "k") for x in "zptEg")
ridge = Inverse("j", "j'", "j", "j'", gram() + n * lam * Match("j", "j'"))

IDENTITIES: list[tuple[Term, str]] = [
    # products of matrices and columns, forms
    (S("j'", A() * N("w", "j'")), "A w"),
    (S("j'", A("j'", "j") * N("w", "j'")), "Aᵀ w"),
    (S("j", "j'", w * A() * N("w", "j'")), "wᵀ A w"),
    (S("j'", (A() + A("j'", "j")) * N("w", "j'")), "(A + Aᵀ) w"),
    (S("i", "j", u * X() * w), "uᵀ X w"),
    (S("j", "j'", X("i", "j") * A() * X("i'", "j'")), "X A Xᵀ"),
    (S("j''", A("j", "j''") * B("j''", "j'")), "A B"),
    (S("j''", A("j", "j''") * B("j'", "j''")), "A Bᵀ"),
    (S("i", u * X()) * S("j'", N("v", "j'") * N("w", "j'")), "(vᵀ w) Xᵀ u"),
    (u * w, "u wᵀ"),
    (gram(), "Xᵀ X"),
    (S("i", X("i", "j") * s * X("i", "j'")), "Xᵀ diag(s) X"),
    (Div(ONE, n) * S("i", X("i", "j") * (p * (1 - p)) * X("i", "j'")), "(1/n) Xᵀ diag(p ⊙ (𝟏 − p)) X"),
    (u * X() * w, "(u wᵀ) ⊙ X"),
    (u * X(), "diag(u) X"),
    (X() * w, "X diag(w)"),
    (w * Match("j", "j'"), "diag(w)"),
    # traces
    (S("j", A("j", "j")), "tr(A)"),
    (S("j", "j'", A() * B("j'", "j")), "tr(A B)"),
    (S("j", "j'", A() * B()), "tr(Aᵀ B)"),
    (S("i", "j", X() * N("Y", "i", "j")), "tr(Xᵀ Y)"),
    (S("j", "j'", "j''", A() * B("j'", "j''") * N("C", "j''", "j")), "tr(A B C)"),
    (S("j", "j'", "i", "i'", N("A", "i", "i'") * X("i'", "j") * B() * X("i", "j'")), "tr(Xᵀ A X B)"),
    (S("j", "j'", inv() * B("j'", "j")), "tr(A⁻¹ B)"),
    (S("j", inv("j", "j")), "tr(A⁻¹)"),
    # norms and sums
    (S("j", w**2), "‖w‖²"),
    (call("sqrt", S("j", w**2)), "‖w‖"),
    (S("j", call("abs", w)), "‖w‖₁"),
    (S("i", "j", X() ** 2), "‖X‖_F²"),
    (call("sqrt", S("i", "j", X() ** 2)), "‖X‖_F"),
    (S("i", (S("j", X() * w) - y) ** 2), "‖X w − y‖²"),
    (S("i", "j", (X() - S("k", N("U", "i", "k") * N("V", "j", "k"))) ** 2), "‖X − U Vᵀ‖_F²"),
    (w / call("sqrt", S("j'", N("w", "j'") ** 2)), "(1/‖w‖) w"),
    (S("i", G), "Gᵀ 𝟏"),
    (S("k", G), "G 𝟏"),
    (S("i", "k", G), "𝟏ᵀ G 𝟏"),
    (S("i", u) / n, "(1/n) 𝟏ᵀ u"),
    (S("i", y) * S("i'", N("u", "i'")), "(𝟏ᵀ y) 𝟏ᵀ u"),
    (w + 2 * S("i", u), "w + 2 (𝟏ᵀ u) 𝟏"),
    (X() - Div(ONE, n) * S("i'", X("i'", "j")), "X − (1/n) 𝟏 𝟏ᵀ X"),
    (S("i", N("C", "i", "h") * (S("j", X() * N("V", "j", "k")) - G)), "Cᵀ (X V − G)"),
    # determinants and inverses
    (Det("j", "j'", A()), "det(A)"),
    (call("log", Det("j", "j'", A())), "log(det(A))"),
    (Det("j", "j'", A()) * inv("j'", "j"), "det(A) (A⁻¹)ᵀ"),
    (Det("j", "j'", gram()), "det(Xᵀ X)"),
    (inv(), "A⁻¹"),
    (inv("j'", "j"), "(A⁻¹)ᵀ"),
    (S("j'", inv() * N("w", "j'")), "A⁻¹ w"),
    (S("j", "j'", w * inv() * N("v", "j'")), "wᵀ A⁻¹ v"),
    (Neg(S("j''", "j'''", inv("j", "j''") * N("v", "j''") * N("w", "j'''") * inv("j'''", "j'"))), "−A⁻¹ v wᵀ A⁻¹"),
    (S("j''", inv("j", "j''") * inv("j''", "j'")), "A⁻¹ A⁻¹"),
    (S("j'", Inverse("j", "j'", "j", "j'", gram()) * S("i", X("i", "j'") * y)), "(Xᵀ X)⁻¹ Xᵀ y"),
    (S("j'", ridge * S("i", X("i", "j'") * y)), "(Xᵀ X + n λ I)⁻¹ Xᵀ y"),
    (A() + lam * Match("j", "j'"), "A + λ I"),
    # entry by entry
    (X() * N("Y", "i", "j"), "X ⊙ Y"),
    (X() / N("Y", "i", "j"), "X ⊘ Y"),
    (P / s, "P ⊘ (s 𝟏ᵀ)"),
    (Neg(T / (n * P)), "−(1/n) (T ⊘ P)"),
    ((X() - N("m", "j")) / N("t", "j"), "(X − 𝟏 mᵀ) ⊘ (𝟏 tᵀ)"),
    (Div(ONE, n) * S("i", (X() - N("m", "j")) * (X("i", "j'") - N("m", "j'"))), "(1/n) (X − 𝟏 mᵀ)ᵀ (X − 𝟏 mᵀ)"),
    (S("i", X() * u / s), "Xᵀ (u ⊘ s)"),
    (1 - E**2, "𝟏 𝟏ᵀ − E^(⊙2)"),
    (call("exp", Z) / S("k'", call("exp", N("z", "i", "k'"))), "softmax(Z)"),
    (call("max", ZERO, Z), "max(0, Z)"),
    (G * Cases(((ONE, Compare(Z, ">", ZERO)),), ZERO), "G ⊙ [Z > 0]"),
    (
        Cases(((u**2 / 2, Compare(call("abs", u), "<=", delta)),), delta * (call("abs", u) - delta / 2)),
        "{(1/2) u^(⊙2) if |u| ≤ δ; δ (|u| − (δ/2) 𝟏) otherwise}",
    ),
    (Neg(S("i", "k", T * call("log", P)) / n), "−(1/n) 𝟏ᵀ (T ⊙ log(P)) 𝟏"),
    (S("i", y * call("log", p) + (1 - y) * call("log", 1 - p)), "𝟏ᵀ (y ⊙ log(p) + (𝟏 − y) ⊙ log(𝟏 − p))"),
    # layers
    (S("j", X() * N("W1", "j", "h")) + N("b1", "h"), "X W₁ + 𝟏 b₁ᵀ"),
    (S("j", X() * w) + N("b"), "X w + b 𝟏"),
    (S("k", G * N("W2", "h", "k")) * (1 - N("a1", "i", "h") ** 2), "(G W₂ᵀ) ⊙ (𝟏 𝟏ᵀ − A₁^(⊙2))"),
    (S("i", X() * N("delta1", "i", "h")), "Xᵀ Δ₁"),
    (S("j", A("j", "j") * w), "diag(A)ᵀ w"),
]  # fmt: skip


def order_of(t: Term) -> tuple[str, ...]:
    return tuple(sorted(free(t), key=rank))


@pytest.mark.parametrize(("t", "unicode"), IDENTITIES, ids=[row[1] for row in IDENTITIES])
def test_an_identity_is_written_as_in_the_tables_and_read_back(t: Term, unicode: str) -> None:
    shape = in_arrays(t)
    assert shape is not None
    assert to_unicode(shape) == unicode
    assert check(t, order_of(t)) == ""
    assert "\\" not in to_mathml(to_latex(shape)) + to_speech(shape)


@pytest.mark.parametrize("t", [row[0] for row in IDENTITIES if len(order_of(row[0])) == 2], ids=[row[1] for row in IDENTITIES if len(order_of(row[0])) == 2])
def test_the_transpose_of_every_matrix_is_written_and_read_back(t: Term) -> None:
    assert check(t, order_of(t)[::-1]) == ""


def nested(layers: int) -> Term:
    """tanh(tanh(X W₁ + 𝟏 b₁ᵀ) W₂ + 𝟏 b₂ᵀ) and so on"""
    out, axis_before = X(), "j"
    for k in range(1, layers + 1):
        out = call("tanh", S(axis_before, out * N(f"W{k}", axis_before, f"h{k}")) + N(f"b{k}", f"h{k}"))
        axis_before = f"h{k}"
    return out


def test_layers_inside_one_another_are_written_once_each_and_not_without_end() -> None:
    shape = in_arrays(nested(12))
    assert shape is not None
    assert to_unicode(shape).count("tanh") == 12
    assert in_arrays(nested(200)) is None


NO_FORM = [
    N("R", "i", "j", "k"),
    S("i", X() * N("Y", "i", "h") * G),
    D(N("a", "i"), N("z", "i")),
    D(N("z", "i", "h"), N("W", "j", "h")),
    Match("i", "j") * u,
]


@pytest.mark.parametrize("t", NO_FORM, ids=map(str, range(len(NO_FORM))))
def test_what_has_no_matrix_form_is_written_with_indices(t: Term) -> None:
    assert in_arrays(t) is None


# ---------------------------------------------------------------- both sides of a line

GRADIENTS = [
    (N("w", "j"), Mul((Div(TWO, n), S("i", u * X()))), "∇_w L = (2/n) Xᵀ u", "∂L/∂w = (2/n) uᵀ X"),
    (N("W", "j", "k"), S("i", X() * G), "∇_W L = Xᵀ G", "∂L/∂W = Gᵀ X"),
    (N("W", "k", "j"), S("i", X() * G), "∇_W L = Gᵀ X", "∂L/∂W = Xᵀ G"),
    (N("b", "k"), S("i", G), "∇_b L = Gᵀ 𝟏", "∂L/∂b = 𝟏ᵀ G"),
    (N("b"), S("i", u), "∂L/∂b = 𝟏ᵀ u", "∂L/∂b = 𝟏ᵀ u"),
    (N("z", "i", "h"), u * N("v", "h"), "∇_Z L = u vᵀ", "∂L/∂Z = v uᵀ"),
    (N("W1", "j", "h"), S("i", X() * D(N("L"), N("z1", "i", "h"))), "∇_W₁ L = Xᵀ ∇_Z₁ L", "∂L/∂W₁ = ∂L/∂Z₁ · X"),
    (N("a", "i", "h"), S("k", D(N("L"), Z) * N("W", "h", "k")), "∇_A L = (∇_Z L) Wᵀ", "∂L/∂A = W ∂L/∂Z"),
]


def line(left: Term, right: Term, convention: Convention) -> str:
    """left = right, along the axes of the left side"""
    shown = [in_arrays(t, axes_of(left, convention), convention) for t in (left, right)]
    return " = ".join(to_unicode(a) for a in shown if a is not None)


@pytest.mark.parametrize(("by", "t", "denominator", "numerator"), GRADIENTS, ids=[row[2] for row in GRADIENTS])
def test_a_gradient_has_the_shape_of_its_array_or_of_the_transpose(by: Name, t: Term, denominator: str, numerator: str) -> None:
    assert (line(D(N("L"), by), t, "denominator"), line(D(N("L"), by), t, "numerator")) == (denominator, numerator)


def test_a_jacobian_is_laid_out_by_the_convention() -> None:
    goal = D(N("y_hat", "i"), N("w", "j"))
    assert (line(goal, X(), "denominator"), line(goal, X(), "numerator")) == ("∂ŷ/∂w = Xᵀ", "∂ŷ/∂w = X")


def test_names_that_differ_by_size_of_letter_alone_stay_apart() -> None:
    t = S("i", N("x", "i", "j") * N("X", "i", "h"))
    shape = in_arrays(t)
    assert shape is not None
    assert to_latex(shape) == r"\mathbf{x}^{\top} \mathbf{X}"
    assert names(t) == {"x", "X"}


def test_a_page_says_what_the_marks_mean_that_stand_on_it_and_no_others() -> None:
    shown = [in_arrays(t) for t in (S("j", X() * w) + N("b"), G * Cases(((ONE, Compare(Z, ">", ZERO)),), ZERO), S("i", u**2))]
    said = explained(shape for shape in shown if shape is not None)
    assert [s[:4].strip() for s in said] == ["𝟏 is", "⊙ mu", "[Z >"]
    assert explained([layout(Match("i", "j") * call("log", u))]) == ()
