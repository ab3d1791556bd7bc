"""Every target gives the numbers of NumPy and of the complex step, on every problem that it can express; what it cannot is a clear error.

NumPy and SymPy are tested everywhere, Numba and JAX wherever the tests are; C where there is a compiler, PyTorch where it is installed.
"""

from __future__ import annotations

import ast
import ctypes
import importlib.util
import shutil
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

import symgd
from symgd import cli
from symgd.catalogue import CATALOGUE, problem
from symgd.document.formats import MissingExtra
from symgd.forward import Definition, Problem
from symgd.numeric.gradcheck import check_gradient
from symgd.numeric.program.line import NotSupported
from symgd.numeric.program.plan import plan
from symgd.numeric.targets import table
from symgd.numeric.targets.table import TARGETS, exported
from symgd.numeric.targets.to_c import FLAGS
from symgd.term import ONE, Add, Call, Match, Name, Sum, mean

SIZES = {"i": 41, "j": 3, "h": 4, "k": 3}
MORE = [
    "plane+log-cosh", "line+poisson", "line+quantile", "network-1-leaky-relu+hinge", "network-1-relu+huber", "network-1-sigmoid+squared",
    "network-2-gelu+log-cosh",
]  # fmt: skip
PROBLEMS = [*CATALOGUE, *MORE]
FLAT = [name for name in CATALOGUE if all(len(x.indices) <= 1 for x in problem(name).data) and not any(w.indices for w in problem(name).parameters)]
COMPILERS = ["numba", "jax"]
TEXTS = ["numpy", "numba", "jax", "torch", "sympy"]


W, B, X, Y, N = Name("w"), Name("b"), Name("x", ("i",)), Name("y", ("i",)), Name("n")
U = Name("u", ("i",))
STATED = ((Name("lam"), ONE.value / 4), (Name("mu"), None))  # the one with a value first: a signature turns them round


def build(*defs, parameters=(W, B), data=(X, Y), **more):
    return Problem("of a test", parameters, data, tuple(Definition(a, v) for a, v in defs), **more)


OTHERS = {
    "centred": build((Name("m"), mean("i", X, N)), (U, W * (X - Name("m")) + B - Y), (Name("L"), mean("i", U**2, N))),
    "bowl": build((Name("L"), (W - 1) ** 2 + 3 * (B + 2) ** 2 + W * B), data=(), count=()),
    "free": build((U, W * X + B - Y), (Name("L"), mean("i", U**2, N) + Name("lam") * W**2), constants=((Name("lam"), None),)),
    "swapped": build((U, W * X + B - Y), (Name("L"), mean("i", U**2, N) + 3 * Name("lam") * W**2 + Name("mu") * B**2), constants=STATED),
    "root": build((U, W * X + B - Y), (Name("L"), Call("sqrt", (mean("i", U**2, N),)))),
    "penalised": build((U, W * X + B - Y), (Name("L"), Sum("i", U**2) + W**2)),
    "counted": build((U, W * X + B - Y), (Name("L"), mean("i", U**2, N) + W**2 / N)),
}


def said(target: str, name: str) -> bool:
    """Can the target say this problem?  All but SymPy say every one."""
    return target != "sympy" or name in (*FLAT, "line+poisson", "line+quantile", "bowl", "free", "swapped")


def installed(target: str) -> bool:
    needs = TARGETS[target].needs
    return (not needs or importlib.util.find_spec(needs) is not None) and (target != "c" or shutil.which("cc") is not None)


def need(target: str) -> None:
    if not installed(target):
        pytest.skip("there is no C compiler (cc)" if target == "c" else f"{target} is not installed")


@pytest.fixture(scope="module")
def derived():
    return {name: symgd.derive(problem(name)) for name in PROBLEMS} | {name: symgd.derive(q) for name, q in OTHERS.items()}


@cache
def derived_again(name: str):
    return symgd.derive(problem(name))


@pytest.fixture(scope="module")
def made(derived):
    """(target, name) → the compiled function, made once: some compilers take a second for each."""

    @cache
    def function(target: str, name: str):
        need(target)
        return symgd.compile(derived[name], target=target)

    return function


def numbers(p, seed=5):
    """(parameters, data) of a problem, drawn from a normal distribution; targets that sum to one do."""
    rng = np.random.default_rng(seed)
    at = {v.symbol: rng.normal(size=[SIZES.get(a.rstrip("'"), 4) for a in v.indices]) for v in (*p.parameters, *p.data)}
    for symbol, along in p.given:
        axis = p.declared()[symbol].indices.index(along)
        at[symbol] = np.abs(at[symbol]) / np.abs(at[symbol]).sum(axis, keepdims=True)
    data = {v.symbol: at[v.symbol] for v in p.data} | {c.symbol: 0.3 for c, v in p.constants if v is None}
    return [at[w.symbol] for w in p.parameters], data


def close(found, true, what):
    found, true = np.asarray(found, dtype=float), np.asarray(true)
    assert found.shape == true.shape
    assert np.max(np.abs(found - true)) <= 1e-12 * np.max(np.abs(true)), what


@pytest.mark.parametrize("name", [*PROBLEMS, *OTHERS])
@pytest.mark.parametrize("target", [t for t in TARGETS if t != "numpy"])
def test_a_target_gives_the_numbers_of_numpy(target, name, derived, made):
    need(target)
    gradient = derived[name]
    if not said(target, name):
        with pytest.raises(NotSupported, match=r"has arrays|look at each other|no mean and no sum"):
            symgd.compile(gradient, target=target)
        return
    f, theirs = made(target, name), made("numpy", name)
    theta, data = numbers(gradient.problem)
    loss, slopes = f.loss_and_gradient(*theta, **data)
    true, true_slopes = theirs.loss_and_gradient(*theta, **data)
    close(loss, true, "L")
    assert slopes._fields == true_slopes._fields
    for word, a, b in zip(slopes._fields, slopes, true_slopes, strict=True):
        close(a, b, word)
    if target not in COMPILERS or name in FLAT[:4]:  # which take a second for each function
        close(f.loss(*theta, **data), true, "L alone")
        for word, a, b in zip(slopes._fields, f.gradient(*theta, **data), true_slopes, strict=True):
            close(a, b, f"{word} alone")


class Together:
    """A gradient function whose derivatives come with the loss, in one function of the text: the other need not be compiled."""

    def __init__(self, f):
        self.f, self.derivation, self.parameters = f, f.derivation, f.parameters

    def gradient(self, *theta, **data):
        return self.f.loss_and_gradient(*theta, **data)[1]


@pytest.mark.parametrize("name", [*PROBLEMS, *OTHERS])
@pytest.mark.parametrize("target", TARGETS)
def test_a_target_gives_the_complex_step(target, name, derived, made):
    if not said(target, name):
        return
    problem = derived[name].problem
    _, data = numbers(problem)
    f = made(target, name)
    points = [numbers(problem, seed)[0] for seed in ((1, 2, 3, 4) if name in FLAT else (1,))]
    check = check_gradient(Together(f) if target in COMPILERS else f, points=points, rtol=1e-12, **data)
    assert check.agrees, check.says


@pytest.mark.parametrize("name", ["line-huber", "logistic-log-loss", "poisson", "softmax-cross-entropy", "network-2-hidden-softmax"])
@pytest.mark.parametrize("target", TARGETS)
def test_a_text_stands_alone_and_names_its_steps(target, name, derived):
    if target == "sympy" and name not in FLAT:
        return
    texts = exported(derived[name], target, "it")
    assert texts == exported(derived_again(name), target, "it")
    whole = "\n".join(texts.values())
    assert "symgd" not in whole
    assert whole.startswith(('"""', "/*"))
    assert whole.count(":=") >= 2 * len(derived[name].problem.tape) - 2  # in the docstring, and beside the lines
    assert "= " in whole.split("∂L/∂", 1)[1]
    if target in TEXTS:
        imports = {a.name.split(".")[0] for n in ast.walk(ast.parse(whole)) if isinstance(n, ast.Import) for a in n.names}
        assert imports <= {"numpy", "math", "numba", "jax", "torch", "sympy"}
        assert ast.get_docstring(ast.parse(whole))


@pytest.mark.parametrize("name", PROBLEMS)
def test_c_compiles_without_a_warning(name, derived, tmp_path):
    need("c")
    for suffix, text in exported(derived[name], "c", "it").items():
        (tmp_path / f"it{suffix}").write_text(text, encoding="utf-8")
    made = subprocess.run(["cc", *FLAGS, "-Werror", "-c", "-o", "it.o", "it.c"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.stderr == ""


def test_c_is_called_through_its_header(derived, tmp_path):
    need("c")
    assert cli.main(["export", "line-mse", "--to", "c", "-o", str(tmp_path / "line.c")]) == 0
    assert sorted(f.name for f in tmp_path.iterdir()) == ["line.c", "line.h"]
    subprocess.run(["cc", *FLAGS, "-shared", "-fPIC", "-o", "line.so", "line.c", "-lm"], cwd=tmp_path, check=True)
    f = ctypes.CDLL(str(tmp_path / "line.so")).line_loss
    f.restype = ctypes.c_double
    x, y = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 2.0])
    place = ctypes.c_void_p
    found = f(ctypes.c_double(0.5), ctypes.c_double(0.25), x.ctypes.data_as(place), y.ctypes.data_as(place), ctypes.c_size_t(3))
    assert found == pytest.approx(np.mean((0.5 * x + 0.25 - y) ** 2), rel=1e-15)


HOSTILE = ["np", "math", "jnp", "torch", "total", "plus", "double", "size_t", "fabs", "exp", "sympy", "arguments", "i", "λ", "free", "out"]


@pytest.mark.parametrize("word", HOSTILE)
def test_a_parameter_may_have_any_name(word):
    w = Name(word)
    q = build((Name("L"), mean("i", (w * X - Y) ** 2, N)), parameters=(w,))
    gradient = symgd.derive(q)
    at = {"x": np.array([1.0, 2.0, 4.0]), "y": np.array([1.0, 3.0, 2.0])}
    for target in ("c", "sympy", "torch"):
        if installed(target):
            assert float(symgd.compile(gradient, target=target).loss(0.5, **at)) == pytest.approx(np.mean((0.5 * at["x"] - at["y"]) ** 2))


def test_a_title_cannot_leave_its_comment():
    q = build((Name("L"), mean("i", (W * X + B - Y) ** 2, N)))
    evil = Problem('x */ int bad; /* """ + bad', q.parameters, q.data, q.tape)
    header, source = exported(symgd.derive(evil), "c", "it").values()
    assert not any("bad" in line and not line.startswith((" *", "/*")) for line in (header + source).splitlines())
    assert (header + source).count("*/") == (header + source).count("/*")


def test_what_a_target_cannot_express_is_named():
    x, other, w = Name("x", ("i",)), Name("x", ("i'",)), Name("w")
    pairs = symgd.derive(build((Name("L"), Sum("i", Sum("i'", Add((x, -other)) ** 2 * w))), parameters=(w,), data=(x,)))
    with pytest.raises(NotSupported, match="look at each other"):
        symgd.compile(pairs, target="sympy")
    with pytest.raises(ValueError, match="there are numpy, numba, jax, torch, c, sympy"):
        symgd.compile(pairs, target="fortran")


def test_a_missing_library_is_one_sentence_with_the_command(monkeypatch, derived):
    monkeypatch.setattr(table, "find_spec", lambda name: None)
    for target, row in TARGETS.items():
        if row.needs:
            with pytest.raises(MissingExtra, match=rf"pip install 'symgd\[{row.extra}\]'"):
                symgd.compile(derived["line-mse"], target=target)


def test_a_wrong_call_says_how_it_is_called(derived):
    f = symgd.compile(derived["line-mse"], target="sympy")
    x = np.ones(3)
    with pytest.raises(TypeError, match=r"called with w, b, x=…, y=…"):
        f.loss(1.0, x=x, y=x)
    with pytest.raises(ValueError, match="must be"):
        f.loss(1.0, 2.0, x=x, y=np.ones(4))


# ---------------------------------------------------------------- the command


def test_the_words_of_the_command_are_the_table():
    assert tuple(TARGETS) == cli.TARGETS


def test_export_writes_text_that_runs_and_replaces_nothing(tmp_path, capsys):
    path = tmp_path / "line.py"
    assert cli.main(["export", "line-mse", "--to", "numpy", "-o", str(path)]) == 0
    code = "import line; print(line.loss(0.5, 0.25, line.np.array([1.0, 2.0, 4.0]), line.np.array([1.0, 3.0, 2.0])))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert float(ran.stdout) == pytest.approx(np.mean([0.25**2, 1.75**2, 0.25**2]))
    assert cli.main(["export", "line-mse", "-o", str(path)]) == 2
    assert "--force" in capsys.readouterr().err
    assert cli.main(["export", "line-mse", "--to", "c", "-o", str(path)]) == 2
    assert ".h or .c" in capsys.readouterr().err
    assert cli.main(["export", "poisson", "--to", "sympy"]) == 2
    assert "poisson has arrays" in capsys.readouterr().err


# ---------------------------------------------------------------- JAX, PyTorch, Numba


def test_jax_jits_vectorises_and_differentiates_again(derived):
    import jax

    f = symgd.compile(derived["logistic-log-loss"], target="jax")
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=30), rng.integers(0, 2, 30).astype(float)
    assert f.loss(0.7, -0.4, x=x, y=y).dtype == np.float64
    assert jax.numpy.asarray(1.0).dtype == (np.float64 if jax.config.jax_enable_x64 else np.float32)
    with jax.enable_x64(True):
        ws = jax.numpy.linspace(-1.0, 1.0, 5)
        many = jax.jit(jax.vmap(f.functions["gradient"], in_axes=(0, None, None, None)))(ws, -0.4, x, y)
        slopes = jax.vmap(jax.grad(f.functions["loss"]), in_axes=(0, None, None, None))(ws, -0.4, x, y)
    np.testing.assert_allclose(many[0], [f.gradient(float(w), -0.4, x=x, y=y)[0] for w in ws], rtol=1e-12)
    np.testing.assert_allclose(many[0], slopes, rtol=1e-12)


@pytest.mark.parametrize("name", ["line-huber", "softmax-cross-entropy", "network-1-leaky-relu+hinge"])
def test_jax_has_many_gradients_at_once_and_its_own_agrees(name, derived, made):
    import jax

    f, theirs = made("jax", name), made("numpy", name)
    theta, data = numbers(derived[name].problem)
    rest = [*data.values(), *(v for v in f.constants.values() if v is not None)]
    several = [np.stack([t, 0.5 * t, -t]) for t in theta]
    axes, count = (*(0 for _ in theta), *(None for _ in rest)), range(len(theta))
    with jax.enable_x64(True):
        many = jax.jit(jax.vmap(f.functions["gradient"], in_axes=axes))(*several, *rest)
        own = jax.grad(f.functions["loss"], argnums=tuple(count))(*theta, *rest)
    for k, slopes in enumerate(many):
        for at in range(3):
            close(slopes[at], theirs.gradient(*(s[at] for s in several), **data)[k], f"{k} at {at}")
        close(own[k], theirs.gradient(*theta, **data)[k], f"jax.grad, {k}")


@pytest.mark.parametrize("name", ["logistic-log-loss", "poisson", "network-1-leaky-relu+hinge"])
def test_jax_computes_in_float32_where_it_is_set_so(name, derived, made):
    import jax

    f = made("jax", name)
    theta, data = numbers(derived[name].problem)
    with jax.enable_x64(False):
        found = jax.tree.leaves(f.functions["loss_and_gradient"](*(jax.numpy.asarray(v, "float32") for v in (*theta, *data.values()))))
    true = made("numpy", name).loss_and_gradient(*theta, **data)
    for a, b in zip(found, (true[0], *true[1]), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [*PROBLEMS, *OTHERS])
def test_torch_keeps_every_value_on_the_device_it_is_given(name, derived, made):
    """On "meta", which computes shapes alone and refuses a tensor of another device, as a GPU would."""
    torch = pytest.importorskip("torch")
    f = made("torch", name)
    theta, data = numbers(derived[name].problem)
    for kind in (torch.float32, torch.float64):
        there = [torch.tensor(v, dtype=kind, device="meta") for v in (*theta, *data.values())]
        loss, slopes = f.loss_and_gradient(*there[: len(theta)], **dict(zip(data, there[len(theta) :], strict=True)))
        assert {(v.device.type, v.dtype) for v in (loss, *slopes)} == {("meta", kind)}
        assert [tuple(s.shape) for s in slopes] == [np.shape(t) for t in theta]


def test_torch_keeps_type_and_device_and_agrees_with_autograd(derived):
    torch = pytest.importorskip("torch")
    f = symgd.compile(derived["poisson"], target="torch")
    generator = torch.Generator().manual_seed(3)
    X, y = torch.randn(20, 3, generator=generator), torch.randn(20, generator=generator).abs()
    w, b = torch.randn(3, generator=generator, requires_grad=True), torch.tensor(0.3, requires_grad=True)
    loss, slopes = f.loss_and_gradient(w, b, X=X, y=y)
    assert loss.dtype == torch.float32
    for ours, theirs in zip(slopes, torch.autograd.grad(loss, (w, b)), strict=True):
        torch.testing.assert_close(ours.detach(), theirs)


def test_numba_sums_a_million_samples_to_the_last_digits(derived):
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=1_000_001) + 1e3, rng.normal(size=1_000_001)
    f, theirs = symgd.compile(derived["line-mse"], target="numba"), symgd.compile(derived["line-mse"])
    np.testing.assert_allclose(f.gradient(0.7, -0.4, x=x, y=y), theirs.gradient(0.7, -0.4, x=x, y=y), rtol=1e-12)


def test_the_order_of_terms_is_all_that_is_free(derived):
    """Only `plus` may be reassociated; the arithmetic of a sample is contracted at most."""
    text = exported(derived["logistic-log-loss"], "numba")[".py"]
    assert text.count("reassoc") == 1
    assert '@njit(fastmath={"reassoc"})\ndef plus(total, term):' in text
    assert 'njit(fastmath={"contract"}' in text
    assert "parallel" not in text


def test_a_problem_that_compares_indices_has_a_word_for_it_in_c(derived):
    w, x = Name("w", ("j",)), Name("X", ("i", "j"))
    q = build((Name("L"), Sum("i", Sum("j", Sum("j'", Match("j", "j'") * x * Name("w", ("j'",))))) / Name("n")), parameters=(w,), data=(x,))
    need("c")
    X = np.arange(6.0).reshape(2, 3)
    gradient = symgd.derive(q)
    assert plan(gradient).blocks
    assert symgd.compile(gradient, target="c").loss(np.array([1.0, 2.0, 3.0]), X=X) == pytest.approx(np.mean(X @ [1.0, 2.0, 3.0]))
