"""Posterior sampling: images that a generative method draws and that, degraded again, agree with their source.

    m = A y + e,    e ~ N(0, σ² I)
    ŷ_m = ŷ + C_t Aᵀ (r_t² A Aᵀ + σ² I)⁻¹ (m - A ŷ)         the estimate ŷ of the level t, guided by the measurements m
    p(m | y_t) ≈ N(A ŷ, r_t² A Aᵀ + σ² I)

m is what the source measures, A the linear degradation that made it, y the target; ŷ, C_t and its mean variance r_t²
are those of the prior (translating/prior.py). The sampler of the method then takes ŷ_m for ŷ at each level, so that it
draws from p(y | m): exactly where images that remain possible at a level have one variance in every voxel, else
approximately. With C_t = r_t² I and σ = 0 it would be data consistency of each ŷ. ΠGDM: Song et al., ICLR 2023,
https://openreview.net/forum?id=9_gsMA8MRKQ, equations 7 and 8; there r_t² is a function of t, here it is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.known_operator import KnownOperator
from medtrans.core.method import NoiseLevel
from medtrans.core.volume import Volume
from medtrans.degradations._record import known_operator
from medtrans.preparing.geometry import orient
from medtrans.preparing.preparation import Preparation, Prepared
from medtrans.translating.data_consistency import Measured, measurements, not_linear, with_rounding
from medtrans.translating.moments import Moments
from medtrans.translating.prediction import Prediction
from medtrans.translating.prior import Prior
from medtrans.translating.progress import OnProgress, part_progress

CONJUGATE_GRADIENT_STEPS = 30
CONJUGATE_GRADIENT_TOLERANCE = 1e-8
"""Of the squared gradient, relative to the first."""


@dataclass(frozen=True)
class Sampled:
    """What is known of the samples: the noise σ and their mean residual, both relative to the measurements."""

    degradation: str
    noise: float
    residual: float
    gain: float = 1.0
    """The unit of the source, for images without a unit: by least squares of A y to m."""


@dataclass(frozen=True, eq=False)
class Likelihood:
    """The measurements of a source, for images that are normalised and lie on the grid of the networks."""

    operator: KnownOperator
    measured: Callable[[np.ndarray], np.ndarray]
    nothing: np.ndarray
    """The measurements of an image without signal."""
    noise: float
    """Share of the norm of the measurements that is noise."""
    count: int
    """Real numbers that are measured."""
    slope: float
    offset: float
    """Voxels in the unit of the target are slope times normalised ones plus offset."""
    prepared: Prepared
    orientation: str
    gain: float | None
    """From the unit of the images to that of the source; None where images have no unit, until it is fitted."""

    def fitted(self, image: np.ndarray) -> Likelihood:
        """With the factor by least squares of A y to m, where it is not known.

        Of the estimate E[y | x] it is right, since (A E[y], A y) is (A E[y], A E[y]) on average; of images that vary
        on their own it is too small. So it is taken from the first estimate of a sample, and kept.
        """
        if self.gain is not None:
            return self
        voxels = self._voxels(image)
        seen = self.operator.measure(voxels)
        product, square = (float(np.vdot(seen, one).real) for one in (self.measured(voxels), seen))
        return replace(self, gain=product / square if product > 0 else 1.0)

    def compare(self, image: np.ndarray) -> tuple[np.ndarray, float]:
        """m - A y in the unit of the target, and the norm of m."""
        voxels, gain = self._voxels(image), self.gain or 1.0
        m = self.measured(gain * voxels) / gain
        return m - self.operator.measure(voxels), float(np.linalg.norm(m - self.nothing))

    def residual(self, image: np.ndarray) -> float:
        """‖m - A y‖ relative to the measurements."""
        rest, size = self.compare(image)
        return float(np.linalg.norm(rest)) / (size or 1.0)

    def _voxels(self, image: np.ndarray) -> np.ndarray:
        """In the unit of the target."""
        return self.slope * self.prepared.undo(image, 0.0).astype(np.float64) + self.offset

    def correction(self, image: np.ndarray, variance: float) -> np.ndarray:
        """r² Aᵀ (r² A Aᵀ + σ²)⁻¹ (m - A y), normalised; `variance` is r², of normalised voxels."""
        rest, size = self.compare(image)
        sigma = self.noise * size / np.sqrt(self.count)
        change = damped_least_squares(self.operator, rest, sigma**2 / (self.slope**2 * variance))
        turned, _ = orient(Volume(change / self.slope, self.prepared.original.affine), self.orientation)
        return np.ascontiguousarray(turned.voxels, np.float32)


def likelihood(
    source: Volume, how: Measured, noise: float, prepared: Prepared, preparation: Preparation, where: str
) -> Likelihood:
    """The likelihood of a source; `prepared` is it, or the same on the grid of the model.

    Raises UsageError where the degradation is no single linear one, InputRefused where the source does not fit it, or
    the networks have another grid.
    """
    grid, settings, modality = prepared.original, preparation.settings, preparation.modality
    operator = known_operator(how.record, grid)
    if operator is None:
        raise UsageError(where, *not_linear(how.record))
    _refuse_other_grid(prepared, settings.orientation, where)
    slope, offset = _linear(preparation, where)
    measured_in = partial(measurements, operator, how=how, modality=modality, where=where)
    shape = (source.channels, *grid.shape)
    nothing = operator.measure(np.full(shape, modality.no_signal))
    first = source.voxels if source.shares_grid_with(grid) else np.full(shape, modality.no_signal)
    noise = with_rounding(noise, source, measured_in, first.astype(np.float64), nothing)
    measures = operator.measure(np.random.default_rng(0).normal(size=shape))
    count = int(np.count_nonzero(measures)) * (2 if np.iscomplexobj(measures) else 1)
    gain = 1.0 if preparation.has_unit else None
    unit = slope, offset, prepared, settings.orientation, gain
    return Likelihood(operator, measured_in(source), nothing, noise, count, *unit)


def sample_posterior(
    prior: Prior,
    known: Likelihood,
    *,
    seed: int = 0,
    samples: int = 1,
    on_progress: OnProgress | None = None,
) -> tuple[Prediction, Sampled]:
    """The mean of the samples, their standard deviation where there are several, and how far they agree."""
    moments, found = Moments(), list[float]()
    for number in range(samples):
        image, known = _draw(prior, known, np.random.default_rng([seed, number]))
        np.copyto(image, prior.window.target_background, where=~prior.prepared.mask)
        moments.add(image)
        found.append(known.residual(image))
        part_progress(on_progress, number, samples)(1.0)
    deviation = np.sqrt(moments.variance) if samples > 1 else None
    sampled = Sampled(
        known.operator.degradation.to_dict()["name"], known.noise, float(np.mean(found)), known.gain or 1.0
    )
    return Prediction(moments.mean, deviation, samples), sampled


def _draw(prior: Prior, known: Likelihood, rng: np.random.Generator) -> tuple[np.ndarray, Likelihood]:
    """One sample, of standard normal noise; the likelihood with its factor."""
    shape = prior.window.target_channels, *prior.prepared.mask.shape
    noise = rng.standard_normal(shape, np.float32)

    def guided(y: Tensor, level: NoiseLevel) -> Tensor:
        nonlocal known
        noisy, signs = y[0].numpy(), rng.choice(np.array([-1, 1], np.float32), shape)
        image, variance = prior.estimate(noisy, level, signs)
        known = known.fitted(image)
        correction = known.correction(image, variance)
        change = prior.covariance(noisy, level, correction, variance) / np.float32(variance)
        return torch.from_numpy(image + change)[None]

    with torch.no_grad():
        drawn: Tensor = prior.method.draw_with(torch.from_numpy(noise)[None], guided)
    return drawn[0].numpy().copy(), known


def damped_least_squares(operator: KnownOperator, measured: np.ndarray, damping: float) -> np.ndarray:
    """The smallest ‖A x - m‖² + damping ‖x‖², by conjugate gradients from 0; where they are stopped, near it.

    Hestenes and Stiefel 1952, https://doi.org/10.6028/jres.049.044
    """
    gradient = operator.adjoint(measured)
    x: np.ndarray = np.zeros(gradient.shape)
    direction = gradient
    start = square = float((gradient * gradient).sum())
    for _ in range(CONJUGATE_GRADIENT_STEPS):
        if square <= CONJUGATE_GRADIENT_TOLERANCE * start:
            break
        turned = operator.adjoint(operator.measure(direction)) + damping * direction
        step = square / float((direction * turned).sum())
        x, gradient = x + step * direction, gradient - step * turned
        before, square = square, float((gradient * gradient).sum())
        direction = gradient + square / before * direction
    return x


def _linear(preparation: Preparation, where: str) -> tuple[float, float]:
    """Slope and offset of the target's normalisation. Raises UsageError where it is not linear."""
    normaliser = preparation.settings.target_normalisation
    values = np.linspace(-1, 1, 9, dtype=np.float32)
    restored = normaliser.restore(values).astype(np.float64) if preparation.modality.name != "labels" else values**2
    slope, offset = np.polyfit(values, restored, 1).tolist()
    if np.abs(slope * values + offset - restored).max() > 1e-3 * abs(slope):
        what = "cannot be sampled given measurements: the normalisation of its target is not linear"
        raise UsageError(where, what, "train with target_normalisation: {name: percentiles} or linear, or set null")
    return slope, offset


def _refuse_other_grid(prepared: Prepared, orientation: str, where: str) -> None:
    """Raises InputRefused where the networks have other voxels than the image: A is defined for those of the image."""
    oriented, _ = orient(prepared.original, orientation)
    if not oriented.shares_grid_with(Volume(prepared.voxels, prepared.affine)):
        sizes = (" × ".join(f"{side:g}" for side in one) for one in (oriented.spacing, _spacing(prepared)))
        what = "has voxels of {} mm and the networks of {} mm, but posterior sampling needs one grid".format(*sizes)
        raise InputRefused(where, what, "set translating.grid: model, or train with preparing.spacing: null")


def _spacing(prepared: Prepared) -> Any:
    return Volume(prepared.voxels, prepared.affine).spacing
