"""exp and log1p for Numba, of additions and products alone: a compiler that calls a library for each sample cannot compute several of them at once.

exp   x = k log 2 + r, |r| ≤ log(2)/2; e^r = 1 + r + r² P(r), P of degree 9 with the error 1.3e-17; 2^k in two factors, so that the smallest numbers and the
      largest come out.  k is what is left of x/log 2 in the last places of 1.5·2⁵², where it is whole.  Less than 1 ulp.
log1p of 0 ≤ e ≤ 1: with s = e/(2 + e), log(1 + e) = 2 artanh s = e − (e²/2 − s (e²/2 + s² Q(s²))), Q of degree 9 with the error 5e-18.  Less than 1.2 ulp.

P and Q are the polynomials through the values at the points of Chebyshev.  W. J. Cody, W. Waite, Software Manual for the Elementary Functions, 1980.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["OWN", "needed"]

EXP = '''@compiled
def exp(x):
    """e^x, as additions and products: the processor computes several at once."""
    x = -746.0 if x < -746.0 else x
    x = 711.0 if x > 711.0 else x
    k = (x*1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0  # the whole number next to x/log 2
    r = (x - k*0.6931471803691238) - k*1.9082149292705877e-10
    p = 2.510065503606659e-08
    p = p*r + 2.762043894863442e-07
    p = p*r + 2.755726789174553e-06
    p = p*r + 2.480152055701783e-05
    p = p*r + 0.0001984126986342035
    p = p*r + 0.0013888888917690603
    p = p*r + 0.008333333333329989
    p = p*r + 0.04166666666662317
    p = p*r + 0.16666666666666669
    p = p*r + 0.5000000000000001
    half = 0.5*k + 6755399441055744.0
    rest = (k - (half - 6755399441055744.0)) + 6755399441055744.0
    one = np.int64((np.float64(half).view(np.int64) << 52) + 4607182418800017408).view(np.float64)  # 2^(k/2): 1.0 has those bits
    two = np.int64((np.float64(rest).view(np.int64) << 52) + 4607182418800017408).view(np.float64)
    return (p*r*r + r + 1.0)*one*two
'''
LOG1P = '''@compiled
def log1p(e):
    """log(1 + e) of 0 ≤ e ≤ 1, as additions and products and one quotient."""
    s = e/(2.0 + e)
    q = s*s
    p = 0.1616404561194353
    p = p*q + 0.08800738486144674
    p = p*q + 0.12001072809590713
    p = p*q + 0.13314144209654935
    p = p*q + 0.15385570064958623
    p = p*q + 0.18181789436132859
    p = p*q + 0.22222222717427864
    p = p*q + 0.2857142856710876
    p = p*q + 0.40000000000014585
    p = p*q + 0.6666666666666666
    h = 0.5*e*e
    return e - (h - s*(h + q*p))
'''
OWN = {"exp": EXP, "log1p": LOG1P}


def needed(texts: Iterable[str]) -> list[str]:
    """Those functions that the texts call."""
    whole = "\n".join(texts)
    return [text for word, text in OWN.items() if re.search(rf"(?<![\w.]){word}\(", whole)]
