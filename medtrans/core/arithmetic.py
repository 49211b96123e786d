"""Elementary functions with the same bits on every processor.

IEEE 754 demands that +, -, *, / and the square root are rounded correctly: their result does not depend on the
processor. The exponential, the logarithm and the sine of NumPy depend on it in the last bit, and so do long sums and
matrix products. A threshold turns a last bit into another tissue. Phantoms therefore use the functions of this file and
of `filters`: those five operations in a fixed order, each an array operation of its own, so that no compiler fuses two.

Arrays stay float32 or float64. Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, chapter 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np

LN2 = (0.693145751953125, 1.4286068203094172e-06)
"""The logarithm of 2 in two parts; the first has few bits, so that its multiples are exact."""
ARCTAN = (
    0.0028662257, -0.0161657367, 0.0429096138, -0.0752896400, 0.1065626393, -0.1420889944, 0.1999355085, -0.3333314528,
)  # fmt: skip
"""Abramowitz and Stegun 4.4.49, to 2e-8."""
FIXED_POINT = 1 << 24


def length(*parts: np.ndarray) -> np.ndarray:
    """The Euclidean norm of a vector with these components."""
    return np.asarray(np.sqrt(sum(part * part for part in parts)))


def exp(x: np.ndarray | float) -> np.ndarray:
    """The exponential, to 1e-7 in float32 and 1e-15 in float64: e^x = 2^n e^r with |r| < 0.35, by Taylor's series."""
    x = _floats(x)
    lowest, highest, terms = (-87, 88, 8) if x.dtype == np.float32 else (-708, 709, 14)
    x = np.clip(x, lowest, highest)
    n = np.rint(x * (1 / (LN2[0] + LN2[1])))
    r = (x - n * LN2[0]) - n * LN2[1]
    return np.asarray(np.ldexp(_polynomial(r, [1 / factorial(k) for k in range(terms, -1, -1)]), n.astype(np.int32)))


def log(x: np.ndarray | float) -> np.ndarray:
    """The natural logarithm of positive numbers, by the series of the inverse hyperbolic tangent (4.1.27)."""
    mantissa, exponent = np.frexp(_floats(x))
    low = mantissa < 0.7071
    mantissa, exponent = np.where(low, 2 * mantissa, mantissa), (exponent - low).astype(mantissa.dtype)
    s = (mantissa - 1) / (mantissa + 1)
    series = s * _polynomial(s * s, [2 / (2 * k + 1) for k in range(11, -1, -1)])
    return np.asarray(exponent * LN2[0] + (exponent * LN2[1] + series))


def power(x: np.ndarray, exponent: float) -> np.ndarray:
    """x to a power, for x of at least 0; 0 stays 0."""
    x = _floats(x)
    out, positive = np.zeros_like(x), x > 0
    out[positive] = exp(exponent * log(x[positive]))
    return out


def sine_cosine(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine, from those of half the angle: to 4e-6."""
    turns = x * (1 / (2 * np.pi))
    half = np.pi * (turns - np.rint(turns))
    square = half * half
    sine = half * _polynomial(square, [(-1) ** k / factorial(2 * k + 1) for k in range(5, -1, -1)])
    cosine = _polynomial(square, [(-1) ** k / factorial(2 * k) for k in range(6, -1, -1)])
    return 2 * sine * cosine, 1 - 2 * sine * sine


def arctan2(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The angle of (x, y) from the x axis, -pi to pi: twice that of (r + |x|, y); to 1e-7."""
    ratio = y / np.maximum(length(x, y) + np.abs(x), 1e-30)
    angle = 2 * ratio * _polynomial(ratio * ratio, [*ARCTAN, 1.0])
    return np.asarray(np.where(x < 0, np.where(y < 0, -np.pi - angle, np.pi - angle), angle).astype(angle.dtype))


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A uniform random number; NumPy's own `uniform` may be compiled with a fused multiplication and addition."""
    return float(low + (high - low) * rng.random())


def uniforms(rng: np.random.Generator, low: Sequence[float], high: Sequence[float]) -> np.ndarray:
    """Uniform random numbers, each between limits of its own: float64."""
    start, end = np.array(low, np.float64), np.array(high, np.float64)
    return np.asarray(start + (end - start) * rng.random(len(start)))


def mean(x: np.ndarray) -> float:
    """The mean in fixed point, whose sum is exact in whatever order."""
    return total(x) / x.size


def total(x: np.ndarray) -> float:
    """The sum of numbers in multiples of 2^-24: exact in whatever order, up to 5e11."""
    return int(np.rint(x.astype(np.float64) * FIXED_POINT).astype(np.int64).sum()) / FIXED_POINT


def _floats(x: np.ndarray | float) -> np.ndarray:
    x = np.asarray(x)
    return x if x.dtype == np.float32 else x.astype(np.float64)


def _polynomial(x: np.ndarray, coefficients: Sequence[float]) -> np.ndarray:
    """Horner's scheme, the highest power first."""
    out = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        out *= x
        out += x.dtype.type(coefficient)
    return out
