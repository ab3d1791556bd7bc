"""The same losses in other people's hands: automatic differentiation, SymPy's lambdify, compiled loops; whoever is not installed is left out.

A loss is written once for all of them, as a function of `xp` (tanh, softplus, where, abs of that library), the parameters and the data.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.benchmarks.timing import Contestant

__all__ = ["HUBER", "LINE", "LOG_LOSS", "NETWORK", "automatic", "descents", "lambdified", "looped", "peer", "scans"]

Loss = Callable[..., Any]  # (xp, parameters, data) -> L


def LINE(xp, theta, data):
    (w, b), (x, y) = theta, data
    u = w * x + b - y
    return (u * u).mean()


def LOG_LOSS(xp, theta, data):
    (w, b), (x, y) = theta, data
    z = w * x + b
    return (xp.softplus(z) - y * z).mean()


def HUBER(xp, theta, data):
    (w, b), (x, y) = theta, data
    u = w * x + b - y
    return xp.where(xp.abs(u) <= 1, u * u / 2, xp.abs(u) - 0.5).mean()


def NETWORK(xp, theta, data):
    (W1, b1, w2, b2), (X, y) = theta, data
    u = xp.tanh(X @ W1 + b1) @ w2 + b2 - y
    return (u * u).mean()


@cache
def peer(name: str) -> Any:
    """The library, on one thread and in double precision; None where it is not installed."""
    if name == "jax":
        os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    try:
        found = importlib.import_module(name)
    except ImportError:
        return None
    if name == "jax":
        found.config.update("jax_enable_x64", True)
    if name == "torch":
        found.set_num_threads(1)
        found.set_default_dtype(found.float64)
    return found


# ---------------------------------------------------------------- automatic differentiation


def automatic(loss: Loss, parameters: int) -> dict[str, Contestant]:
    """(θ…, data…) → (L, its derivatives), by each library that is installed."""
    found = {}
    if (ad := peer("autograd")) is not None:
        xp = importlib.import_module("autograd.numpy")
        own = SimpleNamespace(tanh=xp.tanh, where=xp.where, abs=xp.abs, softplus=lambda z: xp.logaddexp(0.0, z))
        both = ad.value_and_grad(lambda theta, data: loss(own, theta, data))
        found["autograd"] = Contestant(lambda *a: both(tuple(map(_float, a[:parameters])), a[parameters:]))
    if (jax := peer("jax")) is not None:
        step = jax.jit(jax.value_and_grad(lambda theta, data: loss(jax_words(), theta, data)))
        found["JAX"] = Contestant(lambda *a: jax.block_until_ready(step(a[:parameters], a[parameters:])), to_jax)
    if peer("torch") is not None:
        found["torch"] = Contestant(lambda *a: torch_step(loss, a[:parameters], a[parameters:]), lambda *a: to_torch(a, parameters))
    return found


def _float(v: Any) -> Any:
    return v if np.ndim(v) else float(v)


def jax_words() -> Any:
    jax = peer("jax")
    return SimpleNamespace(tanh=jax.numpy.tanh, where=jax.numpy.where, abs=jax.numpy.abs, softplus=jax.nn.softplus)


def to_jax(*arrays: Any) -> tuple[Any, ...]:
    jax = peer("jax")
    return tuple(jax.block_until_ready([jax.numpy.asarray(a, dtype=jax.numpy.float64) for a in arrays]))


def to_torch(arrays: Sequence[Any], parameters: int) -> tuple[Any, ...]:
    torch = peer("torch")
    return tuple(torch.tensor(np.asarray(a, dtype=np.float64), requires_grad=k < parameters) for k, a in enumerate(arrays))


def torch_step(loss: Loss, theta: tuple[Any, ...], data: tuple[Any, ...]) -> Any:
    torch = peer("torch")
    # torch takes softplus for the identity beyond its threshold
    own = SimpleNamespace(tanh=torch.tanh, where=torch.where, abs=torch.abs, softplus=lambda z: torch.nn.functional.softplus(z, threshold=40.0))
    value = loss(own, theta, data)
    return value.detach(), torch.autograd.grad(value, theta)


# ---------------------------------------------------------------- SymPy's lambdify


def lambdified(loss: str) -> dict[str, Contestant]:
    """The loss of one sample and SymPy's derivatives of it as one NumPy function, then three means.  loss: in w, b, x, y, as SymPy writes it"""
    sp = peer("sympy")
    w, b, x, y = letters = sp.symbols("w b x y", real=True)
    u = w * x + b - y
    huber = sp.Piecewise((u**2 / 2, sp.Abs(u) <= 1), (sp.Abs(u) - 0.5, True))
    one = {"line": u**2, "log-loss": sp.log(1 + sp.exp(w * x + b)) - y * (w * x + b), "huber": huber}[loss]
    made = sp.lambdify(letters, [one, one.diff(w), one.diff(b)], "numpy", cse=True)

    def run(*a):
        L, dw, db = made(*a)
        return np.mean(L), (np.mean(dw), np.mean(db))

    return {"lambdify": Contestant(run)}


# ---------------------------------------------------------------- compiled loops


def looped(loss: str) -> dict[str, Contestant]:
    """(w, b, x, y) → (L, its derivatives) in one loop, compiled by numba, without the liberties that made an exponential wrong."""
    nb = peer("numba")
    if nb is None:
        return {}
    fast = {"contract", "reassoc", "nsz"} if loss == "line" else {"contract"}

    @nb.njit(fastmath=fast)
    def line(w, b, x, y):
        L = dw = db = 0.0
        for i in range(len(x)):
            u = w * x[i] + b - y[i]
            L += u * u
            dw += u * x[i]
            db += u
        return L / len(x), (2 * dw / len(x), 2 * db / len(x))

    @nb.njit(fastmath=fast)
    def log_loss(w, b, x, y):
        L = dw = db = 0.0
        for i in range(len(x)):
            z = w * x[i] + b
            e = np.exp(-abs(z))
            g = (1.0 if z >= 0 else e) / (1 + e) - y[i]
            L += max(z, 0.0) - y[i] * z + np.log1p(e)
            dw += g * x[i]
            db += g
        return L / len(x), (dw / len(x), db / len(x))

    @nb.njit(fastmath=fast)
    def huber(w, b, x, y):
        L = dw = db = 0.0
        for i in range(len(x)):
            u = w * x[i] + b - y[i]
            g = min(max(u, -1.0), 1.0)
            L += g * (u - g / 2)
            dw += g * x[i]
            db += g
        return L / len(x), (dw / len(x), db / len(x))

    return {"numba": Contestant({"line": line, "log-loss": log_loss, "huber": huber}[loss])}


# ---------------------------------------------------------------- whole descents of a line


def descents(rate: float, steps: int, of: int) -> dict[str, Contestant]:
    """(x, y) → (w, b) after `steps` plain steps from 0, of the `of` that the workload has: by everybody's own gradient in everybody's own loop."""
    found = {}
    share = of / steps
    made = {**lambdified("line"), **looped("line"), **{k: c for k, c in automatic(LINE, 2).items() if k != "JAX"}}

    def loop(name):
        def run(x, y):
            w = b = 0.0
            for _ in range(steps):
                _, (dw, db) = made[name].run(w, b, x, y)
                w, b = w - rate * float(dw), b - rate * float(db)
            return w, b

        return run

    for name in made:
        found[name] = Contestant(loop(name), each=share)
    if "torch" in made:
        torch = peer("torch")

        def run(x, y):
            theta = tuple(torch.zeros((), requires_grad=True) for _ in range(2))
            for _ in range(steps):
                _, slopes = torch_step(LINE, theta, (x, y))
                theta = tuple((t.detach() - rate * s).requires_grad_() for t, s in zip(theta, slopes, strict=True))
            return tuple(t.detach() for t in theta)

        found["torch"] = Contestant(run, lambda *a: to_torch(a, 0), share)
    if peer("jax") is not None:
        found["JAX"] = Contestant(scans(rate, steps, keep=False), to_jax, share)
    return found


def scans(rate: float, steps: int, *, keep: bool) -> Callable[..., Any]:
    """(x, y) → (w, b) at the end, or every point and its loss, by jax.lax.scan, compiled"""
    jax = peer("jax")
    both = jax.value_and_grad(lambda theta, data: LINE(jax_words(), theta, data))

    @jax.jit
    def run(x, y):
        def step(theta, _):
            L, slopes = both(theta, (x, y))
            return tuple(t - rate * s for t, s in zip(theta, slopes, strict=True)), ((theta, L) if keep else None)

        end, way = jax.lax.scan(step, (jax.numpy.zeros(()), jax.numpy.zeros(())), None, length=steps)
        if not keep:
            return end
        (w, b), L = way
        last = jax.numpy.append
        return last(w, end[0]), last(b, end[1]), last(L, LINE(jax_words(), end, (x, y)))

    return lambda x, y: jax.block_until_ready(run(x, y))
