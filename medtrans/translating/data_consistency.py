"""Data consistency: a translation is changed so that, degraded again, it equals its source within the noise.

    y' = y + d,   ‖A (y + d) - m‖ ≤ noise ‖m‖           d = A⁺ (m - A y) for a noise of 0

m is what the source measures of the unknown image, A the linear degradation that made the source. With noise, d is the
first iterate of conjugate gradients that agrees with m so far: the discrepancy principle, Morozov 1966; Hanke 1995,
https://doi.org/10.1201/9780203744901. What a magnitude image lost, its phase, is that of the translation, which is
repeated until it no longer changes: Gerchberg and Saxton, Optik 1972.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.known_operator import KnownOperator
from medtrans.core.modality import Modality
from medtrans.core.volume import Volume
from medtrans.degradations._combinations import Record
from medtrans.degradations._record import known_operator, linear_names
from medtrans.translating.own_grid import unresampled

MAX_PASSES = 10
AGREES = 1e-4
"""Residual, relative to the measurements, at which no further pass is made."""
LEAST_GAIN = 0.9
"""A pass that leaves more than this share of the residual is the last."""


@dataclass(frozen=True)
class Measured:
    """How a source was made: the record of its degradation."""

    record: Record
    interpolation: str = ""
    """By which the degraded image was brought back to the grid of the original; empty where it was not."""


@dataclass(frozen=True)
class Agreement:
    """Residual of the translation before and after, relative to the measurements, and the factor of its unit."""

    degradation: str
    before: float
    after: float
    gain: float = 1.0
    """The unit of the source, for images without a unit: by least squares of A y to m."""


def make_consistent(
    translated: Volume, source: Volume, how: Measured, noise: float, modality: Modality, *, scale: bool, where: str
) -> tuple[Volume, Agreement]:
    """The translation, float32, agreeing with its source; with `scale` brought to the unit of the source before.

    Raises UsageError where the degradation is no single linear one, InputRefused where the source does not fit it.
    """
    operator = known_operator(how.record, translated)
    if operator is None:
        raise UsageError(where, *not_linear(how.record))
    if source.channels != translated.channels:
        what = f"has {source.channels} channels, its translation {translated.channels}"
        raise InputRefused(where, what, "translate without data consistency")
    measured_in = partial(measurements, operator, how=how, modality=modality, where=where)
    measured = measured_in(source)
    voxels, gain = translated.voxels.astype(np.float64), 1.0
    if scale:
        m, seen = measured(voxels), operator.measure(voxels)
        square = float(np.vdot(seen, seen).real)
        gain = float(np.vdot(seen, m).real) / square if square else 1.0
        voxels = gain * voxels
    nothing = operator.measure(np.full(voxels.shape, modality.no_signal))
    noise = with_rounding(noise, source, measured_in, voxels, nothing)
    voxels, before, after = agree(voxels, measured, operator, nothing, noise)
    agreement = Agreement(how.record[0]["name"], before, after, gain)
    return translated.like(voxels.astype(np.float32)), agreement


def agree(
    voxels: np.ndarray,
    measured: Callable[[np.ndarray], np.ndarray],
    operator: KnownOperator,
    nothing: np.ndarray | float = 0.0,
    noise: float = 0.0,
) -> tuple[np.ndarray, float, float]:
    """Voxels that agree with what was `measured`, given an estimate; the residual before and after.

    `nothing` are the measurements of an image without signal: the residual is relative to what exceeds them.
    """
    residuals: list[float] = []
    while True:
        m = measured(voxels)
        rest, size = m - operator.measure(voxels), float(np.linalg.norm(m - nothing)) or 1.0
        left = float(np.linalg.norm(rest)) / size
        stalled = left > LEAST_GAIN * min(residuals, default=np.inf)
        residuals.append(left)
        if left <= max(noise, AGREES) or stalled or len(residuals) > MAX_PASSES:
            return voxels, residuals[0], left
        voxels = voxels + operator.least_squares(rest, noise * size)


def with_rounding(
    noise: float,
    source: Volume,
    measured_in: Callable[[Volume], Callable[[np.ndarray], np.ndarray]],
    estimate: np.ndarray,
    nothing: np.ndarray,
) -> float:
    """The noise of a source, or that of its whole numbers where it is more; relative to the measurements."""
    if source.voxels.dtype.kind not in "iu":
        return noise
    rounding = np.random.default_rng(0).uniform(-0.5, 0.5, source.voxels.shape)
    m, other = (measured_in(one)(estimate) for one in (source, source.like(source.voxels + rounding)))
    return max(noise, float(np.linalg.norm(other - m) / np.linalg.norm(m - nothing)))


def measurements(
    operator: KnownOperator, source: Volume, how: Measured, modality: Modality, where: str
) -> Callable[[np.ndarray], np.ndarray]:
    """What the source measures, as a function of an estimate of the original. Raises InputRefused."""
    image, grid = source.voxels.astype(np.float64), operator.grid
    if operator.degradation.keeps_grid:
        if not source.shares_grid_with(grid):
            raise InputRefused(where, "lies on another grid than its translation", "set translating.grid: source")
        return lambda estimate: operator.measured_by(image, estimate)
    own = operator.degradation.apply(grid.like(np.zeros(grid.voxels.shape, np.float32)), **operator.parameters)
    if source.shares_grid_with(own):
        return lambda estimate: operator.measured_by(image, estimate)
    if not how.interpolation or not source.shares_grid_with(grid):
        what = f"its voxels are not those that the recorded {how.record[0]['name']} gives of its translation"
        raise InputRefused(where, what, "give the degraded file itself, and its record")
    return unresampled(operator, source, own, how.interpolation, modality.air)


def not_linear(record: Record) -> tuple[str, str]:
    """What is wrong with a record of anything else than one linear degradation, and which are linear."""
    names = " and ".join(step["name"] for step in record) or "nothing"
    what = f"was degraded by {names}, where one linear degradation is needed"
    return what, f"linear are {', '.join(linear_names())}"
