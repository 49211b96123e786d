"""Gaussian mixture: labels of a segmenter classified again by the intensities of the image itself.

    r_ik = π_ik N_ik / Σ_l π_il N_il          N_ik = N(x_i exp(-b_i); μ_k, σ_k²)

π_ik is the probability of label k at voxel i by the network, x the image, μ and σ mean and standard deviation of the
intensities of a label, b a smooth bias field. They are estimated by expectation maximisation, from the image alone: a
network that knows any contrast knows none exactly, and where its boundaries are blurred those of the image are sharp.
Van Leemput et al., IEEE Trans Med Imaging 1999, https://doi.org/10.1109/42.811270 (mixture and bias field); Ashburner
and Friston, NeuroImage 2005, https://doi.org/10.1016/j.neuroimage.2005.02.018 (with a prior for each voxel).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from medtrans.core.filters import gaussian_filter
from medtrans.models.engines import Engine
from medtrans.preparing.masks import fill_holes
from medtrans.preparing.normalisation._normaliser import Normaliser
from medtrans.preparing.normalisation.labels import Labels
from medtrans.preparing.preparation import Prepared
from medtrans.translating.prediction import Prediction, mean_of_classes, predict, predict_classes
from medtrans.translating.sliding_window import SlidingWindow

PRIOR_MM = 0.7
"""Standard deviation by which the probabilities of the network are smoothed: its own boundaries err by a voxel."""
LEAST_PRIOR = 1e-3
"""Probability that any label keeps at any voxel."""
BIAS_MM = 35.0
"""Standard deviation of the Gaussian filter that makes the bias field smooth."""
ESTIMATED_MM = 3.0
"""Distance of the voxels from which the mixture is estimated."""
MOST_ITERATIONS, WITHOUT_BIAS = 30, 2
"""Iterations at most, and the first of them, in which a bias field would be made of what the network confused."""
CONVERGED = 1e-3
"""Change of every mean in an iteration, relative to the 95th percentile of the voxels, below which it is the last."""
LEAST_VOXELS = 1000
"""Of the mixture; with fewer a label has no intensities to speak of."""
LEAST_DEVIATION, LEAST_SIGNAL, DARKEST = 0.01, 0.15, 0.02
"""Relative to the 95th percentile of the voxels: the smallest standard deviation of a label, the mean from which it
tells of the bias field, since noise hides it in darker ones, and the smallest number whose logarithm is taken."""
NORMAL = 1.4826
"""Standard deviation of a normal distribution relative to its median absolute deviation."""
LARGEST_RESIDUAL = 1.5
"""Logarithm of the ratio of a voxel to its label's mean."""


@dataclass(frozen=True, eq=False)
class _Mixture:
    """Mean and standard deviation of each label's intensities, without the bias field."""

    mean: np.ndarray
    deviation: np.ndarray

    def posterior(self, prior: np.ndarray, intensities: np.ndarray) -> np.ndarray:
        """Probability of each label (label, voxel), of the prior of the same shape and intensities (voxel)."""
        distance = (intensities - self.mean[:, None]) / self.deviation[:, None]
        logarithm = np.log(prior / self.deviation[:, None]) - distance * distance / 2
        likely = np.exp(logarithm - logarithm.max(axis=0))
        return np.asarray(likely / likely.sum(axis=0))


def predict_reclassified(
    method: Any,
    window: SlidingWindow,
    prepared: Prepared,
    conditions: Sequence[float],
    numbers: Sequence[int],
    *,
    target: Normaliser,
    other_engine: Engine,
    **how: Any,
) -> Prediction:
    """As `predict`, with these labels of a segmenter classified again, or these classes of a method with class means.

    `target` is the normalisation of the targets; `other_engine` computes the classes.
    """
    if isinstance(target, Labels):
        made = predict(method, window, prepared, conditions, **how)
        return reclassify(made, prepared, [target.labels.index(label) for label in numbers])
    classes = {**how, "engine": other_engine, "in_unit": np.asarray}
    made = predict_classes(method, window, prepared, conditions, **classes)
    made = reclassify(made, prepared, [number - 1 for number in numbers])
    return mean_of_classes(made, method.class_means, prepared, window.target_background)


def reclassify(prediction: Prediction, prepared: Prepared, channels: Sequence[int]) -> Prediction:
    """The prediction, changed in place: where it has a label of these channels, or a hole in them, classified again.

    Other voxels stay as they are, and so does everything where there are too few of these. Of a source of several
    contrasts the first is used. The voxels of `prediction` are probabilities from -1 to 1 (label, i, j, k).
    """
    voxels = prediction.voxels
    background, highest = 1 - (voxels.sum(axis=0) + len(voxels)) / 2, (voxels.max(axis=0) + 1) / 2
    own = (voxels[list(channels)] + 1) / 2
    inside = (own.max(axis=0) >= np.maximum(highest, background)) & prepared.mask
    inside |= fill_holes(inside) & (background > highest) & prepared.mask
    if inside.sum() < LEAST_VOXELS:
        return prediction
    (box,) = ndimage.find_objects(inside.astype(np.uint8))
    spacing = np.linalg.norm(prepared.affine[:3, :3], axis=0).tolist()
    image = np.maximum(prepared.voxels[0][box] - prepared.background, 0)
    prior = np.stack([gaussian_filter(one[box], [PRIOR_MM / mm for mm in spacing]) for one in own])
    prior = np.maximum(prior, 0) + np.float32(LEAST_PRIOR)
    found = _posterior(prior / prior.sum(axis=0), image, inside[box], spacing)
    part = voxels[(slice(None), *box)]
    part[:, inside[box]] = -1
    for channel, one in zip(channels, found, strict=True):
        part[channel][inside[box]] = 2 * one - 1
    return prediction


def _posterior(prior: np.ndarray, image: np.ndarray, inside: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Probability of each label at the voxels inside (label, voxel), of prior (label, i, j, k) and image (i, j, k)."""
    steps = [max(1, round(ESTIMATED_MM / mm)) for mm in spacing]
    coarse = tuple(slice(None, None, step) for step in steps)
    if not inside[coarse].any():
        steps, coarse = [1, 1, 1], (slice(None),) * 3
    widths = [BIAS_MM / (mm * step) for mm, step in zip(spacing, steps, strict=True)]
    mixture, bias = _estimated(prior[(slice(None), *coarse)], image[coarse], inside[coarse], widths)
    fine = bias
    for axis, (step, side) in enumerate(zip(steps, image.shape, strict=True)):
        fine = _finer(fine, axis, step, side)
    return mixture.posterior(prior[:, inside], (image * np.exp(-fine))[inside])


def _estimated(
    prior: np.ndarray, image: np.ndarray, inside: np.ndarray, widths: Sequence[float]
) -> tuple[_Mixture, np.ndarray]:
    """The mixture and the bias field (i, j, k), by expectation maximisation from what the network named."""
    given, observed = prior[:, inside], image[inside]
    scale, bias = float(np.percentile(observed, 95)), np.zeros(image.shape, np.float32)
    least = LEAST_DEVIATION * scale
    mixture = _named(given, observed, least)
    for iteration in range(MOST_ITERATIONS):
        flat, before = observed * np.exp(-bias[inside]), mixture.mean
        share = mixture.posterior(given, flat)
        weight = share.sum(axis=1) + LEAST_PRIOR
        mean = (share * flat).sum(axis=1) / weight
        variance = (share * (flat - mean[:, None]) ** 2).sum(axis=1) / weight
        mixture = _Mixture(mean, np.sqrt(variance + least * least))
        if iteration > WITHOUT_BIAS and np.abs(mean - before).max() < CONVERGED * scale:
            break
        if iteration >= WITHOUT_BIAS:
            bias = _bias(mixture, share, observed, inside, widths, scale)
    return mixture, bias


def _named(prior: np.ndarray, observed: np.ndarray, least: float) -> _Mixture:
    """Median and deviation about it of the voxels of each label that is the likeliest: a share of wrong ones does not
    move them. A label without voxels has those of all."""
    likeliest, mean, deviation = prior.argmax(axis=0), list[float](), list[float]()
    for label in range(len(prior)):
        own = observed[likeliest == label] if (likeliest == label).any() else observed
        mean.append(float(np.median(own)))
        deviation.append(max(float(np.median(np.abs(own - mean[-1]))) * NORMAL, least))
    return _Mixture(np.array(mean), np.array(deviation))


def _bias(
    mixture: _Mixture,
    share: np.ndarray,
    observed: np.ndarray,
    inside: np.ndarray,
    widths: Sequence[float],
    scale: float,
) -> np.ndarray:
    """Smooth logarithm of the ratio of the image to the means of its labels, weighted by how surely each tells it."""
    tells = np.where(mixture.mean > LEAST_SIGNAL * scale, (mixture.mean / mixture.deviation) ** 2, 0)
    weight = tells[:, None] * share
    ratio = np.log(np.maximum(observed, DARKEST * scale) / np.maximum(mixture.mean, DARKEST * scale)[:, None])
    residual, total = np.zeros(inside.shape, np.float32), np.zeros(inside.shape, np.float32)
    residual[inside] = (weight * np.clip(ratio, -LARGEST_RESIDUAL, LARGEST_RESIDUAL)).sum(axis=0)
    total[inside] = weight.sum(axis=0)
    least = np.float32(1e-3 * total[inside].mean() + 1e-6)
    bias = gaussian_filter(residual, widths) / (gaussian_filter(total, widths) + least)
    return np.asarray(bias - bias[inside].mean())


def _finer(field: np.ndarray, axis: int, step: int, side: int) -> np.ndarray:
    """Linear interpolation along an axis, of every `step`-th voxel to all `side`; the last value reaches to the end."""
    place = np.minimum(np.arange(side) / step, field.shape[axis] - 1)
    low = place.astype(int)
    high = np.minimum(low + 1, field.shape[axis] - 1)
    share = (place - low).astype(np.float32).reshape([-1 if other == axis else 1 for other in range(field.ndim)])
    return np.asarray(np.take(field, low, axis) * (1 - share) + np.take(field, high, axis) * share)
