"""How a text begins: its import, the length of its blocks, and the functions that it calls and NumPy lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["ERF", "LOG_DET", "WIDE", "head"]

HEAD = '''import numpy as np

BLOCK = {block}  # samples: what is computed on the way stays in the cache
'''
WIDE = '''import numpy as np

BLOCK = 32768  # numbers in an array of a block: what is computed on the way stays in the cache
'''
ERF = '''
from math import erf as _erf

erf = np.vectorize(_erf, otypes=[float])  # NumPy has none
'''
LOG_DET = '''

def log_det(matrix):
    """log det without the overflow of det; nan where the determinant is negative."""
    sign, size = np.linalg.slogdet(matrix)
    return np.log(sign) + size
'''
DOT = '''PIECE = 8192  # samples: BLAS starts no threads for so few, and fewer roundings follow on each other


def dot(a, b):
    """Σ a b, piece by piece."""
    if len(a) <= PIECE:
        return a @ b
    whole = len(a) // PIECE * PIECE
    return np.add.reduce(np.vecdot(a[:whole].reshape(-1, PIECE), b[:whole].reshape(-1, PIECE))) + a[whole:] @ b[whole:]
'''
SUM_LOG1P = '''

def sum_log1p(e):
    """Σ log(1 + e) of 0 ≤ e ≤ 1: a product of 64 factors has one logarithm; where most e are small each has its own, which keeps their digits."""
    whole = len(e) // 64 * 64
    if whole:
        products = np.multiply.reduce((1 + e[:whole]).reshape(64, -1), axis=0)
        total = np.log(products).sum() + np.log1p(e[whole:]).sum()
        if total > len(e) / 8:
            return total
    return np.log1p(e).sum()
'''
LOG_LOSS = '''

def log_loss(z, y, p, tail, right):
    """Σ (log(1 + e^z) − y z), and σ(z) in p; `tail` and `right` are written over.

    A product of 32 factors 1 + e^z has one logarithm.  Where a score is large, or little is left of the difference, the same sum is that of
    ([z ≥ 0] − y) z + log(1 + e^(−|z|)), which keeps the digits.
    """
    if z.max() < (20 if z.dtype == np.float64 else 2.5):  # so that no product overflows
        np.exp(z, out=tail)
        np.add(1, tail, out=p)
        whole = len(z) // 32 * 32
        logs = np.log(np.multiply.reduce(p[:whole].reshape(32, -1), axis=0)).sum() + np.log(np.multiply.reduce(p[whole:]))
        total = logs - dot(y, z)
        if total > (len(z) + logs) / 8:
            np.divide(tail, p, out=p)
            return total
    np.greater_equal(z, 0, out=right)
    np.abs(z, out=tail)
    np.negative(tail, out=tail)
    np.exp(tail, out=tail)
    np.maximum(tail, right, out=p)
    p /= 1 + tail
    right -= y
    total = dot(right, z)                             # Σᵢ ({1 if zᵢ ≥ 0; 0 otherwise} − yᵢ) zᵢ
    return total + sum_log1p(tail)                    # Σᵢ log1p(exp(−|zᵢ|))
'''
NUMBERS = 524_288  # in the buffers of a block of columns, two of them at least: so many that computing takes longer than calling, and cached still


def head(texts: Sequence[str], buffers: int) -> str:
    """The beginning of a text of these functions; buffers: how many columns of a block they fill at most, or 0 where there are more than columns."""
    own = ("dot", DOT), ("erf", ERF), ("log_det", LOG_DET), ("sum_log1p", SUM_LOG1P), ("log_loss", LOG_LOSS)
    called = [LOG_LOSS] if any("log_loss(" in t for t in texts) else []
    more = "".join(text for word, text in own if any(re.search(rf"(?<![\w.]){word}\(", t) for t in (*texts, *called)))
    return (HEAD.format(block=NUMBERS >> max(1, (buffers - 1).bit_length())) if buffers else WIDE) + more
