"""Gradient functions of vectors and matrices: what they compute, how the text reads, which arrays they refuse."""

from __future__ import annotations

import ast
import warnings
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from symgd.backward import derive
from symgd.catalogue import problem
from symgd.derivation import Gradient
from symgd.indices import free
from symgd.numeric.program.aligned import aligned
from symgd.numeric.data.table import DataError
from symgd.numeric.function import compile_gradient
from symgd.numeric.gradcheck import check_gradient
from symgd.numeric.program.matching import unmatched
from symgd.numeric.program.plan import NotSupported, plan
from symgd.numeric.program.stable import spelled, stable
from symgd.numeric.program.to_numpy import compile_source, module
from symgd.term import ONE, Call, Det, Match, Mul, Name, Neg, Num, Sum, Term, mean
from tests import by_hand
from tests.array_problems import PROBLEMS, SIZES, A, L, S, W, X, build, c, call, e, name, random_arrays, scores, s, true_gradient, w, y, z
from tests.by_hand import NUMBERS
from tests.identities import IDENTITIES
from tests.test_identities import drawn
from tests.test_identities import problem as stated

ALONE = [k for k in PROBLEMS if k not in ("all pairs", "other pairs", "no samples", "centred columns")]
n = Name("n")
WITHOUT_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # a problem is compiled for each example


@pytest.fixture(scope="module")
def compiled():
    return {k: compile_gradient(derive(q)) for k, q in PROBLEMS.items()}


def parted(f, arrays):
    """(the parameters, the data by name)"""
    return [arrays[p] for p in f.parameters], {d: arrays[d] for d in f.data}


def close(found, true, rtol=1e-12):
    """Equal within rtol of the largest number of each array."""
    for a, b in zip(found, true, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=rtol * max(np.max(np.abs(b)), 1e-300))


# ---------------------------------------------------------------- what is computed


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("k", PROBLEMS)
def test_loss_and_gradient_are_those_of_plain_loops(compiled, k, sizes):
    f = compiled[k]
    arrays = random_arrays(PROBLEMS[k], sizes)
    theta, data = parted(f, arrays)
    loss, slopes = f.loss_and_gradient(*theta, **data)
    true, by = true_gradient(PROBLEMS[k], arrays, sizes)
    assert loss == pytest.approx(true, rel=1e-13)
    close(slopes, by.values(), 1e-13)
    for g, point in zip(slopes, theta, strict=True):
        assert np.shape(g) == np.shape(point)
        assert type(g) in (float, np.ndarray)
    assert f.loss(*theta, **data) == loss
    close(f.gradient(*theta, **data), slopes, 1e-15)


@pytest.mark.parametrize("k", ["ridge plane", "softmax", "network 2", "residual", "log det", "centred columns"])
def test_the_gradient_agrees_with_the_complex_step(compiled, k):
    sizes = {"i": 9, "j": 3, "h": 4, "h1": 4, "h2": 2, "k": 3}
    arrays = random_arrays(PROBLEMS[k], sizes, 2)
    points = None if k != "log det" else [[random_arrays(PROBLEMS[k], sizes, seed)["A"]] for seed in range(20)]
    check = check_gradient(compiled[k], points=points, sizes=sizes, **parted(compiled[k], arrays)[1])
    assert check.agrees, check.says
    assert check.points == 20


def test_the_complex_step_catches_a_wrong_number_of_an_array(compiled):
    f = compiled["plane"]

    class Wrong:
        derivation, parameters = f.derivation, f.parameters

        @staticmethod
        def gradient(*theta, **data):
            right = f.gradient(*theta, **data)
            return right._replace(w=right.w * [1, 1 + 1e-9, 1])

    arrays = random_arrays(PROBLEMS["plane"], {"i": 5, "j": 3})
    check = check_gradient(Wrong, **parted(f, arrays)[1])
    assert (check.agrees, check.by) == (False, "w")
    assert "most for w at w = an array (3,)" in check.says


@pytest.mark.parametrize("k", ["plane", "softmax", "network 2", "two outputs", "features first", "centred columns"])
def test_several_blocks_are_computed_as_one(compiled, k):
    """On rows that are there three times a mean is what it is on one of them."""
    f = compiled[k]
    sizes = {"i": 1500, "j": 40, "h": 50, "h1": 50, "h2": 3, "k": 3}
    theta, data = parted(f, random_arrays(PROBLEMS[k], sizes))
    places = {x.symbol: x.indices.index("i") for x in PROBLEMS[k].data}
    thrice = {d: np.concatenate([a] * 3, axis=places[d]) for d, a in data.items()}
    loss, slopes = f.loss_and_gradient(*theta, **data)
    assert f.loss(*theta, **thrice) == pytest.approx(loss, rel=1e-12)
    close(f.gradient(*theta, **thrice), slopes, 1e-11)


@pytest.mark.parametrize("k", [k for k in PROBLEMS if k != "no samples"])
def test_whole_weights_count_a_sample_several_times(compiled, k):
    f = compiled[k]
    theta, data = parted(f, random_arrays(PROBLEMS[k], {"i": 4, "j": 2, "h": 3, "h1": 2, "h2": 2, "h3": 2, "k": 3}))
    times = np.array([1, 3, 2, 1])
    places = {x.symbol: x.indices.index("i") for x in PROBLEMS[k].data}
    repeated = f.loss_and_gradient(*theta, **{d: np.repeat(a, times, axis=places[d]) for d, a in data.items()})
    weighted = f.loss_and_gradient(*theta, weights=times, **data)
    assert weighted[0] == pytest.approx(repeated[0], rel=1e-12)
    close(weighted[1], repeated[1])


@pytest.mark.parametrize("k", ALONE)
def test_a_row_per_sample_is_the_gradient_on_that_row_alone(compiled, k):
    f = compiled[k]
    theta, data = parted(f, random_arrays(PROBLEMS[k], {"i": 4, "j": 2, "h": 3, "h1": 2, "h2": 2, "h3": 2, "k": 3}))
    places = {x.symbol: x.indices.index("i") for x in PROBLEMS[k].data}
    rows = f.per_sample(*theta, **data)
    assert rows._fields == f.gradient(*theta, **data)._fields
    assert [g.shape for g in rows] == [(4, *np.shape(p)) for p in theta]
    close([g.mean(axis=0) for g in rows], f.gradient(*theta, **data))
    for row in (0, 3):
        alone = f.gradient(*theta, **{d: np.take(a, [row], axis=places[d]) for d, a in data.items()})
        close([g[row] for g in rows], alone)


@pytest.mark.parametrize(("k", "meaning"), [("all pairs", "alone"), ("other pairs", "alone"), ("no samples", "alone")])
def test_samples_that_look_at_each_other_have_no_gradients_of_their_own(compiled, k, meaning):
    with pytest.raises(NotSupported, match=r"look at each other|no samples"):
        plan(compiled[k].derivation, meaning)
    with pytest.raises(NotSupported, match=r"other samples|no samples"):
        compiled[k].per_sample(*(parted(compiled[k], random_arrays(PROBLEMS[k], SIZES[0]))[0]), **parted(compiled[k], random_arrays(PROBLEMS[k], SIZES[0]))[1])


def test_float32_stays_float32_where_all_arrays_are(compiled):
    f = compiled["network 2"]
    theta, data = parted(f, random_arrays(PROBLEMS["network 2"], SIZES[0]))
    small = [np.float32(p) if np.ndim(p) else p for p in theta], {d: np.float32(a) for d, a in data.items()}
    slopes = f.gradient(*small[0], **small[1])
    assert {g.dtype for g in slopes if isinstance(g, np.ndarray)} == {np.dtype(np.float32)}
    assert {g.dtype for g in f.per_sample(*small[0], **small[1])} == {np.dtype(np.float32)}
    weighted = f.gradient(*small[0], weights=np.float32([1, 2, 1]), **small[1])
    assert {g.dtype for g in weighted if isinstance(g, np.ndarray)} == {np.dtype(np.float32)}
    close(slopes, f.gradient(*theta, **data), 1e-5)
    mixed = f.gradient(*small[0], X=small[1]["X"], y=data["y"])
    assert {g.dtype for g in mixed if isinstance(g, np.ndarray)} == {np.dtype(np.float64)}


def test_lists_and_whole_numbers_are_arrays_too(compiled):
    f = compiled["plane"]
    loss, slopes = f.loss_and_gradient([1, 2], 0, X=[[1, 2], [3, 4], [0, 1]], y=(1, 0, 2))
    assert loss == pytest.approx((16 + 121 + 0) / 3)
    assert slopes.w.tolist() == pytest.approx([2 * (4 + 33) / 3, 2 * (8 + 44) / 3])
    assert slopes.b == pytest.approx(10)


def test_a_result_is_nobody_elses_array(compiled):
    f = compiled["no samples"]
    one, other = random_arrays(PROBLEMS["no samples"], {"j": 3}).values()
    kept = one.copy(), other.copy()
    f.gradient(one, B=other).A[:] = 7
    np.testing.assert_array_equal((one, other), kept)


# ---------------------------------------------------------------- bound to data


@pytest.mark.parametrize("k", ["softmax", "network 2", "two outputs", "log det"])
def test_bound_to_data_it_is_a_function_of_one_flat_vector(compiled, k):
    f = compiled[k]
    sizes = SIZES[0]
    theta, data = parted(f, random_arrays(PROBLEMS[k], sizes))
    g = f.bind(**data, sizes={a: m for a, m in sizes.items() if a.startswith("h")})
    flat = g.flatten(*theta)
    assert len(g.parameters) == g.size == len(flat)
    close(g.unflatten(flat), theta, 0)
    assert g.fun(flat) == g.loss(*theta) == f.loss(*theta, **data)
    np.testing.assert_array_equal(g.jac(flat), np.concatenate([np.ravel(d) for d in f.gradient(*theta, **data)]))
    assert g.step(tuple(flat)) == (g.fun(flat), tuple(g.jac(flat)))


def test_a_flat_vector_needs_the_widths_that_the_data_do_not_say(compiled):
    f = compiled["network 1"]
    theta, data = parted(f, random_arrays(PROBLEMS["network 1"], SIZES[0]))
    g = f.bind(**data)
    assert g.gradient(*theta).W1.shape == (2, 3)
    with pytest.raises(ValueError, match=r"how far h runs is not in the data: bind\(…, sizes=\{'h': …\}\) says it"):
        g.fun(np.zeros(13))
    h = f.bind(**data, sizes={"h": 3})
    assert h.parameters[:2] == ("W1[0, 0]", "W1[0, 1]")
    assert h.parameters[-1] == "d"
    with pytest.raises(ValueError, match=r"θ is \(12,\), and must be \(13,\): W1 \(2, 3\), b1 \(3,\), V \(3,\), d \(\)"):
        h.fun(np.zeros(12))


# ---------------------------------------------------------------- wrong arrays


GOOD = {"X": np.ones((100, 3)), "y": np.ones(100)}
HOLE = np.ones((100, 3))
HOLE[6, 1] = np.nan


@pytest.mark.parametrize(("k", "theta", "data", "error", "message"), [
    ("plane", (np.ones(2), 0.0), GOOD, ValueError, r"X is \(100, 3\), so w must be \(3,\), not \(2,\)"),
    ("plane", (np.ones(3), 0.0), GOOD | {"y": np.ones(99)}, ValueError, r"X is \(100, 3\), so y must be \(100,\), not \(99,\)"),
    ("softmax", (np.ones((4, 2)), np.ones(3)), {"X": np.ones((5, 3)), "t": np.ones((6, 2))}, ValueError, r"X is \(5, 3\), so t must be \(5, 2\), not \(6, 2\)"),
    ("softmax", (np.ones((4, 3)), np.ones(2)), {"X": np.ones((5, 3)), "t": np.ones((5, 2))}, ValueError,
     r"X is \(5, 3\) and t is \(5, 2\), so W must be \(3, 2\), not \(4, 3\)"),
    ("log det", (np.ones((3, 2)),), {"X": np.ones((5, 3))}, ValueError, r"X is \(5, 3\), so A must be \(3, 3\), not \(3, 2\)"),
    ("no samples", (np.ones((3, 3)),), {"B": np.ones((3, 2))}, ValueError, r"B is \(3, 2\), and must be square: j and j' run over the same axis"),
    ("plane", (np.ones((3, 1)), 0.0), GOOD, DataError, r"w has 2 dimensions, \(3, 1\); it must have 1"),
    ("plane", (1.0, 0.0), GOOD, DataError, r"w has no dimensions, \(\); it must have 1"),
    ("plane", (np.ones(3), np.ones(2)), GOOD, DataError, r"b has 1 dimension, \(2,\); it must have 0"),
    ("plane", (np.ones(3),), GOOD, TypeError, "a value is needed for b"),
    ("plane", (np.ones(3), 0.0), {"X": GOOD["X"]}, TypeError, "y=… must be given"),
    ("plane", (np.ones(3), 0.0), GOOD | {"X": HOLE}, DataError, "X, row 7 of 100, column 2: nan is not finite"),
    ("plane", (np.ones(3), 0.0), GOOD | {"X": np.empty((0, 3))}, DataError, "X is empty"),
    ("plane", (np.ones(3), 0.0), GOOD | {"X": [["a"]]}, DataError, "X holds <U1 values"),
    ("plane", (np.ones(3), 0.0), GOOD | {"X": [[1.0], [2.0, 3.0]]}, DataError, "X is ragged"),
    ("plane", (np.ones(3), 0.0), GOOD | {"weights": np.ones(99)}, DataError, "weights has 99, and there are 100 samples"),
    ("plane", (np.ones(3), 0.0), GOOD | {"weights": -np.ones(100)}, DataError, "weights must be finite and not negative"),
])  # fmt: skip
def test_arrays_that_do_not_fit_are_named_with_both_shapes(compiled, k, theta, data, error, message):
    with pytest.raises(error, match=message):
        compiled[k].loss_and_gradient(*theta, **data)


# ---------------------------------------------------------------- the text


NETWORK = '''def loss_and_gradient(W1, b1, w2, b2, X, y):
    """The loss and its derivatives."""
    n, d = X.shape
    h = W1.shape[1]
    dtype = np.result_type(X, W1)
    sum_uu = dL_dW1 = dL_db1 = sum_u_a1 = sum_u = 0.0
    step = max(256, BLOCK // max(h, d))
    room = np.empty((1, min(n, step)), dtype)
    room_h = np.empty((2, min(n, step), h), dtype)
    ones = np.ones(min(n, step), dtype)
    for at in range(0, n, step):
        X_ = X[at:at + step]
        y_ = y[at:at + step]
        part = room[:, :len(X_)]
        part_h = room_h[:, :len(X_)]
        z1 = np.matmul(X_, W1, out=part_h[0])
        z1 += b1                                      # z₁ᵢₕ := Σⱼ Xᵢⱼ W₁ⱼₕ + b₁ₕ
        a1 = np.tanh(z1, out=part_h[0])               # a₁ᵢₕ := tanh z₁ᵢₕ
        y_hat = np.matmul(a1, w2, out=part[0])
        y_hat += b2                                   # ŷᵢ := Σₕ a₁ᵢₕ w₂ₕ + b₂
        u = np.subtract(y_hat, y_, out=part[0])       # uᵢ := ŷᵢ − yᵢ
        dL_dz1 = np.multiply(a1, a1, out=part_h[1])
        np.subtract(1, dL_dz1, out=dL_dz1)
        dL_dz1 *= 2*w2/n
        dL_dz1 *= u[:, None]                          # ∂L/∂z₁ᵢₕ = 2uᵢ w₂ₕ (1 − a₁ᵢₕ²)/n
        sum_uu += u @ u                               # Σᵢ uᵢ²
        dL_dW1 += X_.T @ dL_dz1                       # ∂L/∂W₁ⱼₕ = Σᵢ ∂L/∂z₁ᵢₕ · Xᵢⱼ
        dL_db1 += ones[:len(X_)] @ dL_dz1             # ∂L/∂b₁ₕ = Σᵢ ∂L/∂z₁ᵢₕ
        sum_u_a1 += u @ a1                            # Σᵢ uᵢ a₁ᵢₕ
        sum_u += u.sum()                              # Σᵢ uᵢ
    L = sum_uu/n                                      # L := (1/n) Σᵢ uᵢ²
    dL_dw2 = 2*sum_u_a1/n                             # ∂L/∂w₂ₕ = (2/n) Σᵢ uᵢ a₁ᵢₕ
    dL_db2 = 2*sum_u/n                                # ∂L/∂b₂ = (2/n) Σᵢ uᵢ
    return L, (dL_dW1, dL_db1, dL_dw2, dL_db2)
'''


def test_a_network_reads_as_a_careful_person_would_write_it():
    source = compile_gradient(derive(problem("network-1-hidden-mse"))).source
    assert source.endswith(NETWORK)
    assert "\n    X (n, d), y (n,), W1 (d, h), b1 (h,), w2 (h,), b2 a number\n" in ast.get_docstring(ast.parse(source), clean=False)


@pytest.mark.parametrize(("k", "lines"), [
    ("softmax", ["e = np.subtract(z, max_z[:, None], out=part_k[1])", "p = np.divide(e, S[:, None], out=part_k[1])",
                 "shared_1 = np.subtract(p, t_, out=part_k[1])", "sum_dW += X_.T @ shared_1"]),
    ("network 2", ["dL_dz1 = np.matmul(dL_dz2, W2.T, out=part_h1[1])", "dL_dW2 += a1.T @ dL_dz2"]),
    ("residual", ["r = np.add(a2, a1, out=part_h[2])", "dL_da1 = np.matmul(dL_dz2, W2.T, out=part_h[3])"]),
    ("quadratic of features", ["sum_sXX += (s*X_.T) @ X_"]),
    ("log det", ["inverse_A = np.linalg.inv(A)", "L = sum_s/n - log_det(A)", "dL_dA = sum_XX/n - inverse_A.T"]),
    ("features first", ["F_ = F[:, at:at + step]", "sum_uF += F_ @ u"]),
    ("each alike", ["dL_dw = np.full(w.shape, 3, w.dtype)"]),
    ("no samples", ["dL_dA = A.T*(B.T + B)"]),
])  # fmt: skip
def test_products_are_written_as_one_would(compiled, k, lines):
    code = [x.split("#")[0].strip() for x in compiled[k].source.splitlines()]
    for x in lines:
        assert x in code, "\n".join(code)


@pytest.mark.parametrize("k", PROBLEMS)
def test_the_text_runs_alone_and_is_the_same_every_time(compiled, k):
    f = compiled[k]
    assert compile_gradient(f.derivation).source == f.source
    theta, data = parted(f, random_arrays(PROBLEMS[k], SIZES[0]))
    alone = compile_source(f.source, "alone")["loss_and_gradient"](*theta, *data.values())
    assert alone[0] == f.loss(*theta, **data)


@pytest.mark.parametrize(("word", "k", "old"), [
    *((word, "plane", "w") for word in ("room", "step", "ones", "dtype", "j", "n_", "X_", "np", "λ", "rows", "sum_uu")),
    *((word, "network 1", "b1") for word in ("room_h", "part_h", "spare", "h")),
    ("max_z", "softmax", "c"), ("shared_1", "softmax", "X"), ("each_L", "softmax", "t"),
])  # fmt: skip
def test_an_array_may_have_any_name(word, k, old):
    q = PROBLEMS[k]
    f = compile_gradient(derive(q.renamed({old: word})))
    arrays = random_arrays(q, SIZES[0])
    theta = [arrays[p.symbol] for p in q.parameters]
    data = {word if d.symbol == old else d.symbol: arrays[d.symbol] for d in q.data}
    true, slopes = true_gradient(q, arrays, SIZES[0])
    assert f.loss(*theta, **data) == pytest.approx(true, rel=1e-13)
    close(f.gradient(*theta, **data), slopes.values())


AXES = st.lists(st.sampled_from("ijkh"), unique=True, max_size=4).map(tuple)


@given(AXES, st.data())
@settings(max_examples=60, deadline=None)
def test_an_array_is_turned_and_widened_to_where_its_axes_stand(want, data):
    have = tuple(data.draw(st.permutations(data.draw(st.lists(st.sampled_from(want), unique=True)) if want else [])))
    length = {"i": 2, "j": 3, "k": 4, "h": 5}
    array = np.arange(np.prod([length[a] for a in have], dtype=int)).reshape([length[a] for a in have])
    turned = compile_source(f"import numpy as np\ndef turned(x):\n    return {aligned('x', have, want)}\n", "turned")["turned"]
    found = np.broadcast_to(turned(array), [length[a] for a in want])
    for at in np.ndindex(found.shape):
        assert found[at] == array[tuple(at[want.index(a)] for a in have)]


# ---------------------------------------------------------------- sums that compare indices


PLACES = st.sampled_from(["i", "i'", "i''"])
FACTORS = st.recursive(
    st.one_of(st.builds(Match, PLACES, PLACES), PLACES.map(lambda a: name("x", a)), st.sampled_from([ONE, Num(Fraction(-2))])),
    lambda f: st.one_of(st.tuples(f, f).map(lambda p: p[0] + p[1]), st.tuples(f, f).map(lambda p: p[0] * p[1]), f.map(Neg), f.map(lambda t: t / 3)),
    max_leaves=7,
)


@given(FACTORS)
@settings(max_examples=150, deadline=None)
def test_a_comparison_is_used_up_by_its_sum(body):
    whole = Sum("i", Sum("i'", body))
    found = unmatched(whole)
    env = {("x", (k,)): Fraction(k + 2, 3) for k in range(3)}
    for at in range(3):
        assert by_hand.value(found, env, {"i": 3}, {"i''": at}) == by_hand.value(whole, env, {"i": 3}, {"i''": at})
    assert free(found) <= free(whole)


def test_no_matrix_of_ones_and_zeros_is_left_where_a_comparison_is_a_factor(compiled):
    assert "np.eye" not in compiled["other pairs"].source
    inside = build("inside", (w,), (X,), (s, Sum("j", X * w)), (L, Sum("i", Sum("i'", call("exp", Match("i", "i'") * s)))), count=())
    g = compile_gradient(derive(inside))
    arrays = random_arrays(inside, SIZES[0])
    assert "np.eye(" in g.source
    assert g.loss(arrays["w"], X=arrays["X"]) == pytest.approx(true_gradient(inside, arrays, SIZES[0])[0], rel=1e-13)


# ---------------------------------------------------------------- nothing overflows


FAR = [
    "logistic+log-loss", "plane+log-loss-logits", "plane+huber", "plane+log-cosh", "softmax+softmax-cross-entropy", "softmax+kl-divergence",
    "softmax+softmax-cross-entropy-logits", "softmax+squared", "network-1-sigmoid+log-loss", "network-1-softplus+squared", "network-1-silu+squared",
]  # fmt: skip


@pytest.mark.parametrize("k", FAR)
def test_scores_of_ten_thousand_overflow_nowhere(k):
    """No warning from the text itself, and the loss is that of 40 digits."""
    q = problem(k)
    f = compile_gradient(derive(q))
    sizes = {"i": 3, "j": 2, "h": 2, "k": 3}
    arrays = random_arrays(q, sizes)
    if "y" in arrays:
        arrays["y"] = np.array([0.0, 1.0, 1.0])
    arrays |= {p.symbol: 8e3 * np.asarray(arrays[p.symbol]) if np.ndim(arrays[p.symbol]) else 8e3 * arrays[p.symbol] for p in q.parameters[:2]}
    theta, data = parted(f, arrays)
    with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        loss, slopes = compile_source(f.source, k)["loss_and_gradient"](*theta, *data.values())
    with mpmath.workdps(40):
        given = {v.symbol: np.asarray(arrays[v.symbol]) for v in (*q.parameters, *q.data)}
        leaves = {(symbol, at): mpmath.mpf(float(array[at])) for symbol, array in given.items() for at in np.ndindex(array.shape)}
        leaves |= {(const.symbol, ()): mpmath.mpf(v.numerator) / v.denominator for const, v in q.constants}
    with mpmath.workdps(9000):
        true = by_hand.forward(q, leaves, sizes)["L", ()]
    assert loss == pytest.approx(float(true), rel=1e-13)
    assert all(np.isfinite(g).all() for g in slopes)


def test_a_loss_that_sees_the_sum_itself_is_not_shifted():
    """L = the mean of S: subtracting the largest of each row would change it."""
    q = build("sums", (W, c), (X,), scores, (e, call("exp", z)), (S, Sum("k", e)), (L, mean("i", S, n)))
    f = compile_gradient(derive(q))
    assert "np.max" not in f.source
    arrays = random_arrays(q, SIZES[0])
    assert f.loss(arrays["W"], arrays["c"], X=arrays["X"]) == pytest.approx(true_gradient(q, arrays, SIZES[0])[0], rel=1e-13)


def test_the_logarithm_of_a_determinant_does_not_overflow_and_knows_its_sign(compiled):
    matrix = 1e3 * np.eye(200)
    matrix[0, 1] = 5.0
    f = compiled["log det"]
    assert f.loss(matrix, X=np.zeros((2, 200))) == pytest.approx(-200 * np.log(1e3))
    matrix[0, 0] = -1e3
    assert np.isnan(f.loss(matrix, X=np.zeros((2, 200))))
    size = build("size", (w,), (A,), (L, Sum("j", w) * call("log", call("abs", Det("j", "j'", A)))), count=())
    assert compile_gradient(derive(size)).loss(np.ones(200) / 200, A=matrix) == pytest.approx(200 * np.log(1e3))


u1, d1 = Name("u"), Name("d")
FORMS = [
    Call("softplus", (u1,)), Call("logcosh", (u1,)), Call("silu", (u1,)), Call("gelu", (u1,)),
    Call("log", (Call("cosh", (u1,)),)), Call("log", (Call("exp", (u1,)),)),
    Call("softplus", (u1,)) - d1 * u1, d1 * Call("softplus", (Neg(u1),)) + (1 - d1) * Call("softplus", (u1,)),
    -(d1 * Call("log", (Call("sigmoid", (u1,)),))) - (1 - d1) * Call("log", (1 - Call("sigmoid", (u1,)),)),
    Call("sigmoid", (u1,)) + Call("softplus", (u1,)), 2 * Call("softplus", (u1,)) + 3 * Call("softplus", (Neg(u1),)) - u1,
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tails", [frozenset(), frozenset("u")])
def test_what_is_computed_fast_and_in_place_is_the_same(form, tails):
    q = build("one", (u1,), (), (L, form), constants=((d1, Fraction(1, 4)),), count=())
    found = spelled(stable(form, q), tails)
    assert found != form
    own = NUMBERS | {"log1p": mpmath.log1p, "logcosh": lambda v: mpmath.log(mpmath.cosh(v))}
    own |= {"silu": lambda v: v / (1 + mpmath.exp(-v)), "gelu": lambda v: v * (1 + mpmath.erf(v / mpmath.sqrt(2))) / 2}
    with mpmath.workdps(60):
        for v in (-30, -2.5, -0.01, 0.2, 3, 40):
            env = {("u", ()): mpmath.mpf(v), ("d", ()): mpmath.mpf(1) / 4}
            assert mpmath.almosteq(by_hand.value(found, env, functions=own), by_hand.value(form, env, functions=own), 1e-45)


def test_hubers_loss_is_one_clipping_and_the_same():
    f = compile_gradient(derive(problem("plane+huber")))
    assert f.source.count("np.clip") == 3
    assert "np.where" not in f.source
    arrays = random_arrays(f.derivation.problem, {"i": 50, "j": 2})
    residual = arrays["X"] @ arrays["w"] + arrays["b"] - arrays["y"]
    for delta in (0.5, 1.0, 3.0):
        true = np.where(np.abs(residual) <= delta, residual**2 / 2, delta * (np.abs(residual) - delta / 2)).mean()
        assert f.loss(arrays["w"], arrays["b"], X=arrays["X"], y=arrays["y"], delta=delta) == pytest.approx(true, rel=1e-13)


# ---------------------------------------------------------------- problems in text


@pytest.mark.parametrize("k", range(0, len(IDENTITIES), 4), ids=lambda k: IDENTITIES[k].objective)
def test_problems_stated_in_arrays_are_computed(k):
    """Every fourth of the identities of matrix calculus, by the complex step."""
    arrays = drawn(IDENTITIES[k], 3)
    f = compile_gradient(derive(stated(k)))
    check = check_gradient(f, points=[[arrays[p] for p in f.parameters]], rtol=1e-12, **{d: arrays[d] for d in f.data})
    assert check.agrees, check.says


# ---------------------------------------------------------------- random problems


def terms(letters: tuple[str, ...]) -> st.SearchStrategy[Term]:
    """Terms over X_ij, w_j, y_i, B_jj' with the given free indices among i, j."""
    leaves = [Num(Fraction(2)), name("w", "j"), name("y", "i"), name("X", "i", "j")]
    usable = [leaf for leaf in leaves if free(leaf) <= set(letters)]

    def more(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda p: p[0] + p[1]), pairs.map(lambda p: p[0] - p[1]), pairs.map(lambda p: p[0] * p[1]), inner.map(lambda t: call("tanh", t)),
            inner.map(lambda t: t / 3), pairs.map(lambda p: p[0] / (2 + p[1] ** 2)),
        )  # fmt: skip

    return st.recursive(st.sampled_from(usable), more, max_leaves=5)


@given(terms(("i", "j")), terms(("i",)), terms(("j",)), terms(("j",)))
@settings(max_examples=50, deadline=None, phases=WITHOUT_SHRINKING)
def test_any_sums_of_products_are_computed_as_plain_loops_do(inner, outer, beside, last):
    """v_i := Σ_j inner_ij beside_j + outer_i, L := Σ_i v_i² outer_i + Σ_j last_j: only the loss, for there need be no gradient."""
    v = name("v", "i")
    value = Sum("j", Mul((inner, beside))) + outer
    q = build("any", (w,), (X, y), (v, value), (L, Sum("i", Mul((v**2, outer))) + Sum("j", last) + Sum("i", Sum("j", Mul((inner, last))))), count=())
    whole = plan(Gradient(q, ()))
    arrays = random_arrays(q, {"i": 3, "j": 2})
    found = compile_source(module(whole, ["loss"]), "any")["loss"](arrays["w"], arrays["X"], arrays["y"])
    leaves = {(x.symbol, at): mpmath.mpf(float(arrays[x.symbol][at])) for x in (w, X, y) for at in np.ndindex(arrays[x.symbol].shape)}
    true = by_hand.forward(q, leaves, {"i": 3, "j": 2})["L", ()]
    assert float(found) == pytest.approx(float(mpmath.mpmathify(true)), rel=1e-11, abs=1e-11)
