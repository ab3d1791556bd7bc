"""Formulas in arrays become indexed terms, and shapes that do not fit are refused with the two shapes and the place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symgd.arrays import Array, Letters, ShapeError, Unfit, contracted, entrywise, entry, repeated, squares, summed, transposed
from symgd.arrays.sizes import axes_of, read_shape, read_shapes
from symgd.arrays.words import WORDS
from symgd.forward import Problem, ProblemError
from symgd.reading import Unread
from symgd.reading.arrays import NOTATION
from symgd.term import Inverse, Match, Name, Term, add, subterms
from symgd.typeset import to_ascii
from tests.test_identities import Entries

AXES = {"X": "ij", "Y": "ik", "W": "jk", "A": "jj", "B": "jj", "x": "j", "y": "j", "u": "i", "b": "k", "s": ""}
SIZES = (("i", "n"), ("j", "d"), ("k", "k"))
DECLARED = {s: Name(s, tuple(a + "'" * axes[:k].count(a) for k, a in enumerate(axes))) for s, axes in AXES.items()}


def read(text: str, indices: str) -> Term:
    letters = tuple(a + "'" * indices[:k].count(a) for k, a in enumerate(indices))
    return entry(text, DECLARED, SIZES, letters)


# (text, axes of the value, the entry)
TERMS = [
    ("x @ y", "", "sum_j(x_j*y_j)"),
    ("X @ x", "i", "sum_j(X_ij*x_j)"),
    ("u @ X", "j", "sum_i(u_i*X_ij)"),
    ("X @ W", "ik", "sum_j(X_ij*W_jk)"),
    ("X.T @ X", "jj", "sum_i(X_ij*X_ij')"),
    ("A @ A", "jj", "sum_{j''}(A_jj''*A_j''j')"),
    ("x @ A @ x", "", "sum_j(sum_{j'}(x_j'*A_j'j)*x_j)"),
    ("x.T @ A @ x", "", "sum_j(sum_{j'}(x_j'*A_j'j)*x_j)"),
    ("X @ W + b", "ik", "sum_j(X_ij*W_jk) + b_k"),
    ("-X @ x", "i", "-sum_j(X_ij*x_j)"),
    ("(X @ x - u)**2", "i", "(sum_j(X_ij*x_j) - u_i)^2"),
    # entry by entry, with broadcasting
    ("X * x", "ij", "X_ij*x_j"),
    ("A * A.T", "jj", "A_jj'*A_j'j"),
    ("s*X/2", "ij", "s*X_ij/2"),
    ("x^2", "j", "x_j^2"),
    ("exp(X)", "ij", "exp(X_ij)"),
    ("max(X, 0)", "ij", "max(X_ij, 0)"),
    ("where(u > 0, u, -u)", "i", "cases(u_i, u_i > 0, -u_i)"),
    ("X - mean(X, axis=0)", "ij", "X_ij - 1/n*sum_i'(X_i'j)"),
    ("Y/sum(Y, axis=1, keepdims=True)", "ik", "Y_ik/sum_{k'}(Y_ik')"),
    # sums and means
    ("sum(X)", "", "sum_i(sum_j(X_ij))"),
    ("sum(X, axis=0)", "j", "sum_i(X_ij)"),
    ("X.sum(axis=-1)", "i", "sum_j(X_ij)"),
    ("mean(X)", "", "1/(n*d)*sum_i(sum_j(X_ij))"),
    ("mean(X, 1)", "i", "1/d*sum_j(X_ij)"),
    ("sum(u)/n", "", "sum_i(u_i)/n"),
    # norms, traces, determinants, inverses
    ("norm(x)", "", "sqrt(sum_j(x_j^2))"),
    ("norm(x)^2", "", "sum_j(x_j^2)"),
    ("norm(X)**4", "", "(sum_i(sum_j(X_ij^2)))^2"),
    ("norm(x, 1)", "", "sum_j(abs(x_j))"),
    ("norm(X, axis=1)", "i", "sqrt(sum_j(X_ij^2))"),
    ("trace(A)", "", "sum_j(A_jj)"),
    ("trace(A @ B)", "", "sum_j(sum_{j'}(A_jj'*B_j'j))"),
    ("logdet(A)", "", "log(det_{j,j'}(A_jj'))"),
    ("inv(A)", "jj", "inv_{j,j',j,j'}(A_jj')"),
    ("solve(A, x)", "j", "sum_{j'}(inv_{j,j',j,j'}(A_jj')*x_j')"),
    ("matrix_power(A, 2)", "jj", "sum_{j''}(A_jj''*A_j''j')"),
    ("dot(x, y)", "", "sum_j(x_j*y_j)"),
    ("x.dot(y)", "", "sum_j(x_j*y_j)"),
    ("inner(X, X)", "", "sum_i(sum_j(X_ij*X_ij))"),
    ("outer(u, x)", "ij", "u_i*x_j"),
    ("diag(x)", "jj", "x_j*[j = j']"),
    ("diag(A)", "j", "A_jj"),
    ("eye(d)", "jj", "[j = j']"),
    ("A - s*I", "jj", "A_jj' - s*[j = j']"),
    ("ones(n) @ X", "j", "sum_i(X_ij)"),
    ("ones((n, d)) - X", "ij", "1 - X_ij"),
    ("softmax(Y)", "ik", "exp(Y_ik)/sum_{k'}(exp(Y_ik'))"),
    ("softmax(Y, axis=0)", "ik", "exp(Y_ik)/sum_{i'}(exp(Y_i'k))"),
    ("logsumexp(Y, axis=1)", "i", "log(sum_k(exp(Y_ik)))"),
    ("np.linalg.norm(np.exp(x))", "", "sqrt(sum_j(exp(x_j)^2))"),
    # indices, and other signs
    ("sum_i (X_i @ x - u_i)^2", "", "sum_i((sum_j(X_ij*x_j) - u_i)^2)"),
    ("sum_j A_jj", "", "sum_j(A_jj)"),
    ("X W + b", "ik", "sum_j(X_ij*W_jk) + b_k"),
    ("xᵀ A y", "", "sum_j(sum_{j'}(x_j'*A_j'j)*y_j)"),
    ("‖x‖²", "", "sum_j(x_j^2)"),
    ("x yᵀ", "jj", "x_j*y_j'"),
    ("A ⊙ B", "jj", "A_jj'*B_jj'"),
]  # fmt: skip

LATEX = [
    (r"X^\top u", "j", "u @ X", "sum_i(X_ij*u_i)"),
    (r"\mathbf{X} \mathbf{W} + \mathbf{b}", "ik", "X @ W + b", ""),
    (r"x^{\mathrm{T}} A x", "", "x @ A @ x", ""),
    (r"x x^\top", "jj", "outer(x, x)", ""),
    (r"x \cdot y", "", "x @ y", ""),
    (r"A^{-1} x", "j", "solve(A, x)", ""),
    (r"A^{-\top}", "jj", "inv(A).T", ""),
    (r"\mathbf{A}^2", "jj", "A @ A", ""),
    (r"\operatorname{tr}(A^\top B)", "", "trace(A.T @ B)", ""),
    (r"\log\det A", "", "log(det(A))", ""),
    (r"\|x\|^2 + \|x\|_1", "", "norm(x)^2 + norm(x, 1)", ""),
    (r"\left\| X x - u \right\|_2^2", "", "norm(X @ x - u)^2", ""),
    (r"\|X\|_F", "", "norm(X)", ""),
    (r"A \odot B", "jj", "A * B", ""),
    (r"\frac{1}{n} \sum_{i=1}^{n} (x^\top X_i - u_i)^2", "", "1/n*sum_i (x @ X_i - u_i)^2", ""),
    (r"A + s I", "jj", "A + s*I", ""),
    (r"\sum_i \left( X_i x - u_i \right)^2", "", "sum((X @ x - u)^2)", ""),
    (r"\mathrm{softmax}(X W)", "ik", "softmax(X @ W)", ""),
    (r"$\sigma(X x)$", "i", "sigmoid(X @ x)", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "indices", "expected"), TERMS)
def test_a_formula_in_arrays_is_an_indexed_term(text: str, indices: str, expected: str) -> None:
    assert to_ascii(read(text, indices)) == expected.replace("sum_i'(", "sum_{i'}(")


@pytest.mark.parametrize(("latex", "indices", "plain", "expected"), LATEX)
def test_latex_says_the_same_as_the_plain_text(latex: str, indices: str, plain: str, expected: str) -> None:
    rng = np.random.default_rng(3)
    sizes = {"i": 4, "j": 3, "k": 2}
    arrays = {s: rng.normal(size=tuple(sizes[a] for a in axes)) for s, axes in AXES.items()} | {size: np.float64(sizes[a]) for a, size in SIZES}
    arrays["A"] = 4 * np.eye(3) + rng.uniform(size=(3, 3))
    found, wanted = read(latex, indices), read(plain, indices)
    letters = [a + "'" * indices[:k].count(a) for k, a in enumerate(indices)]
    places = [dict(zip(letters, at, strict=True)) for at in np.ndindex(*(sizes[a] for a in indices))]
    entries = Entries(arrays, sizes)
    assert [entries.at(found, **at) for at in places] == pytest.approx([entries.at(wanted, **at) for at in places], rel=1e-13)
    assert not expected or to_ascii(found) == expected


def test_every_word_that_is_read_has_a_meaning() -> None:
    assert set(WORDS) == NOTATION


# ---------------------------------------------------------------- what is refused

SHAPES = {"X": "n d", "w": "h", "W": "d k", "A": "d d", "v": "d", "b": "h", "Y": "n k", "y": "n"}
REFUSED = [
    ("X @ w", 'X @ w: X is (n × d) and w is (h): the inner sizes d and h differ, at column 5 of "X @ w"'),
    ("sum(X @ W + b)", "X @ W + b: X @ W is (n × k) and b is (h): the sizes k and h differ, at column 13"),
    ("X.T @ W", 'X.T @ W: X.T is (d × n) and W is (d × k): the inner sizes n and d differ, at column 7'),
    ("sum(X * y)", 'X * y: X is (n × d) and y is (n): the sizes d and n differ, at column 9 of "sum(X * y)"'),
    ("det(X)", 'det(X): X is (n × d), and a square matrix is needed, at column 5 of "det(X)"'),
    ("trace(Y)", 'trace(Y): Y is (n × k), and a square matrix is needed, at column 7 of "trace(Y)"'),
    ("sum(inv(X))", 'inv(X): X is (n × d), and a square matrix is needed, at column 9 of "sum(inv(X))"'),
    ("X @ v", "the objective is (n), and must be a number: take sum(…) or mean(…), at column 1"),
    ("sum(X @ q)", "q is neither defined nor declared, and has no shape; the names are "),
    ("sum(X @ p)", 'p has no shape: say --shape "p: …", at column 9 of "sum(X @ p)"'),
    ("norm(W, 1)", "norm(W, 1) of a matrix is no sum of entries; norm(W) is Frobenius', at column 1"),
    ("sum(X, axis=2)", "axis=2 of X, which is (n × d): there is no such axis, at column 1"),
    ("sum(X + I)", "the identity goes with square matrices only"),
    ("trace(I)", "the size of the identity is not known here; write eye(d)"),
    ("sum(kron(X, W))", "kron is not read: its value has more axes than a matrix, or joins two of them"),
    ("prod(v)", "the product of the entries is not read; of positive ones it is exp(sum(log(x)))"),
    ("max(v)", "the max of the entries of an array is not read; max(a, b) goes entry by entry"),
    ("sum(v y)", "is v y the dot product, v @ y, or entry by entry, v * y?"),
    ("sum_k v_i", "what the sum over k runs over is not said: nothing in it carries the index k"),
    ("v_i", "the index i is not summed over; write sum_i"),
    ("sum_i v_ij", "v is (d): it does not carry the indices i, j"),
    ("sum_i X_ii", "the index i runs over n elsewhere, here over d"),
    ("A^-1", "write inv(A), or 1/A entry by entry"),
    ("outer(X, v)", "X is (n × d), and outer takes two vectors"),
    ("mean(X, v)", "the second argument of mean is an axis, 0 or 1"),
    ("sum(f(X))", "f is neither defined nor declared, and has no shape; the names are "),
    ("eye(v)", "v is no size here; the sizes are n, d, h, k"),
    (r"X X", "X X: X is (n × d) and X is (n × d): the inner sizes d and n differ, at column 3"),
    (r"\det X", "X is (n × d), and a square matrix is needed"),
]  # fmt: skip


@pytest.mark.parametrize(("objective", "says"), REFUSED)
def test_shapes_that_do_not_fit_are_refused_in_one_line_with_the_place(objective: str, says: str) -> None:
    with pytest.raises(ProblemError) as refused:
        Problem.from_text(objective=objective, parameters="X p", shapes=SHAPES)
    assert says in str(refused.value)
    assert len("error: " + str(refused.value)) <= 100 or "names are" in says
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["sum(X[0])", "sum(X @ )", "X = W", "X @@ W", "sum(X, axis=w)"])
def test_what_is_no_formula_is_unread_with_a_caret(text: str) -> None:
    with pytest.raises(Unread, match="\\^"):
        Problem.from_text(objective=text, parameters="X", shapes=SHAPES)


LONG = "sum((tanh(tanh(X_of_the_first_layer @ W_of_the_first_layer) @ W_of_the_second_layer) @ W_of_the_third_layer)^2)"


def test_a_message_about_a_long_formula_is_cut_to_one_line() -> None:
    shapes = {"X_of_the_first_layer": "n d", "W_of_the_first_layer": "d h", "W_of_the_second_layer": "m k", "W_of_the_third_layer": "k"}
    with pytest.raises(ProblemError) as refused:
        Problem.from_text(objective=LONG, parameters="W_of_the_first_layer", shapes=shapes)
    assert "the inner sizes h and m differ, at column 63" in str(refused.value)
    assert len(str(refused.value)) <= 93


# ---------------------------------------------------------------- sizes and letters


@pytest.mark.parametrize(
    ("shapes", "letters"),
    [
        ({"X": ("n", "d"), "W": ("d", "k")}, {"n": "i", "d": "j", "k": "k"}),
        ({"X": ("n", "p"), "W": ("p", "h"), "V": ("h", "c")}, {"n": "i", "p": "j", "h": "h", "c": "k"}),
        ({"A": ("d", "p")}, {"d": "j", "p": "h"}),
        ({"W": ("d", "h1"), "V": ("h1", "h2")}, {"d": "j", "h1": "h1", "h2": "h2"}),
        ({"A": ("q", "h"), "B": ("r", "s", "t")}, {"q": "k", "h": "h", "r": "l", "s": "h1", "t": "h2"}),
        ({"x": ("1", "7")}, {"7": "h"}),
    ],
)
def test_each_size_has_a_letter_of_its_own(shapes: dict[str, tuple[str, ...]], letters: dict[str, str]) -> None:
    assert axes_of(shapes) == letters


@given(st.lists(st.sampled_from(["n", "d", "p", "m", "h", "k", "c", "l", "q", "h1", "h2", "features", "3"]), min_size=1, max_size=12))
def test_no_two_sizes_share_a_letter_and_the_same_sizes_give_the_same_letters(sizes: list[str]) -> None:
    shapes = {f"A{k}": (s,) for k, s in enumerate(sizes)}
    letters = axes_of(shapes)
    assert len(set(letters.values())) == len(letters) == len(set(sizes))
    assert axes_of(shapes) == letters


@pytest.mark.parametrize(
    ("text", "shape"),
    [("n d", ("n", "d")), (" n, d ", ("n", "d")), ("(n, d)", ("n", "d")), ("n×d", ("n", "d")), ("d", ("d",)), ("", ()), ("()", ()), ("n 1", ("n", "1"))],
)
def test_a_shape_is_written_in_several_ways(text: str, shape: tuple[str, ...]) -> None:
    assert read_shape(text, "X") == shape
    assert read_shapes([f"X: {text}"]) == {"X": shape}


@pytest.mark.parametrize(
    ("shapes", "says"),
    [
        (["X n d"], 'a shape is written "X: n d"'),
        (["X: n d k"], "X has 3 axes (n × d × k); arrays have one axis or two"),
        (["X: 0"], "X has the size 0; sizes are names (n, d) or whole numbers from 1"),
        (["X: n-d"], "'n-d' cannot be a size of X"),
        (["X: n", "X: d"], "X has two shapes; give it one"),
        (["import: n"], "'import' cannot be a name: that word is reserved by Python"),
    ],
)
def test_a_shape_that_makes_no_sense_is_refused(shapes: list[str], says: str) -> None:
    with pytest.raises(ShapeError) as refused:
        read_shapes(shapes)
    assert says in str(refused.value)


# ---------------------------------------------------------------- the operations


def array(symbol: str, *axes: str | None) -> Array:
    return Array(Name(symbol, tuple(a for a in axes if a)), tuple(axes))


def test_a_product_contracts_the_inner_axes_and_refuses_two_that_differ() -> None:
    assert to_ascii(contracted(array("X", "i", "j"), array("w", "j'")).term) == "sum_j(X_ij*w_j)"
    with pytest.raises(Unfit, match="inner"):
        contracted(array("X", "i", "j"), array("w", "h"))


def test_what_has_one_entry_along_an_axis_is_stretched() -> None:
    out = entrywise(lambda a, b: add(a, b), array("X", "i", "j"), array("r", "i'", None))
    assert (to_ascii(out.term), out.axes) == ("X_ij + r_i", ("i", "j"))
    with pytest.raises(Unfit, match="differ"):
        entrywise(lambda a, b: add(a, b), array("X", "i", "j"), array("u", "i"))


def test_one_vector_against_its_transpose_gets_two_letters() -> None:
    column, row = array("x", "j", None), array("x", None, "j")
    out = entrywise(lambda a, b: a * b, column, row, letters=Letters({"j"}))
    assert (to_ascii(out.term), out.axes) == ("x_j*x_j'", ("j", "j'"))


def test_a_transpose_turns_the_axes_and_a_sum_takes_those_that_are_named() -> None:
    X = array("X", "i", "j")
    assert transposed(X).axes == ("j", "i")
    assert (to_ascii(summed(X, (0,)).term), summed(X, (0,)).axes) == ("sum_i(X_ij)", ("j",))
    assert to_ascii(squares(X).term) == "sum_i(sum_j(X_ij^2))"


def test_a_power_of_a_matrix_has_letters_of_its_own() -> None:
    assert to_ascii(repeated(array("A", "j", "j'"), 3, Letters({"j", "j'"})).term).count("A_") == 3
    with pytest.raises(Unfit, match="square"):
        repeated(array("X", "i", "j"), 2, Letters())


# ---------------------------------------------------------------- against NumPy

OPERATIONS = {
    "A @ B": lambda A, B, x, y: A @ B,
    "A + B.T": lambda A, B, x, y: A + B.T,
    "A * x": lambda A, B, x, y: A * x,
    "A - B @ A": lambda A, B, x, y: A - B @ A,
    "A @ x * y": lambda A, B, x, y: A @ x * y,
    "x @ A / 2": lambda A, B, x, y: x @ A / 2,
    "outer(x, y) @ A": lambda A, B, x, y: np.outer(x, y) @ A,
    "sum(A, axis=0) + x": lambda A, B, x, y: A.sum(axis=0) + x,
    "diag(x) @ A": lambda A, B, x, y: np.diag(x) @ A,
    "diag(A @ B)": lambda A, B, x, y: np.diag(A @ B),
    "A.T @ inv(B + 9*I)": lambda A, B, x, y: A.T @ np.linalg.inv(B + 9 * np.eye(3)),
    "mean(A * B, axis=1, keepdims=True) * A": lambda A, B, x, y: (A * B).mean(axis=1, keepdims=True) * A,
}


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(sorted(OPERATIONS)), st.integers(0, 10**6))
def test_every_operation_has_the_value_that_numpy_gives(text: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = {"A": rng.normal(size=(3, 3)), "B": rng.normal(size=(3, 3)), "x": rng.normal(size=3), "y": rng.normal(size=3)}
    wanted = OPERATIONS[text](**arrays)
    indices = ("j", "j'")[: wanted.ndim]
    term = read(text, "jj"[: wanted.ndim])
    found = [Entries({**arrays, "d": np.float64(3)}, {"j": 3}).at(term, **dict(zip(indices, at, strict=True))) for at in np.ndindex(wanted.shape)]
    np.testing.assert_allclose(np.reshape(found, wanted.shape), wanted, rtol=0, atol=1e-12 * np.abs(wanted).max())


def test_bound_letters_have_the_fewest_primes_and_never_those_of_the_entry() -> None:
    t = read("A @ A @ A @ A", "jj")
    assert sorted({a for s in subterms(t) if isinstance(s, Name) for a in s.indices}) == ["j", "j'", "j''", "j'''", "j''''"]
    assert not [s for s in subterms(read("inv(A) @ x", "j")) if isinstance(s, Match)]
    assert [s for s in subterms(read("inv(A) @ x", "j")) if isinstance(s, Inverse)]
