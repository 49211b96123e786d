"""Prediction: the normalised target of a prepared source, as the mean of one or several samples.

A deterministic method gives one answer, or with `mirror` the mean of two:

    y = (G(x) + M G(M x)) / 2          M mirrors left and right

A method with a spread gives a standard deviation with its one answer. A stochastic method takes noise beside the
source: the mean over samples is the translation, their standard deviation its uncertainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from medtrans.core.errors import ModelRefused
from medtrans.models.engines import Engine, EngineUsed, InUnit, Torch
from medtrans.preparing.preparation import Prepared
from medtrans.translating.moments import Moments
from medtrans.translating.progress import OnProgress, part_progress
from medtrans.translating.sliding_window import SlidingWindow


@dataclass(frozen=True, eq=False)
class Prediction:
    """Normalised voxels (target channel, i, j, k) on the grid of the prepared source, background outside the body."""

    voxels: np.ndarray
    deviation: np.ndarray | None = None
    """Standard deviation over the samples, or the spread of a single answer; None for one without."""
    samples: int = 1
    engine: EngineUsed | None = None


def predict(
    method: Any,
    window: SlidingWindow,
    prepared: Prepared,
    conditions: Sequence[float],
    *,
    seed: int = 0,
    samples: int = 1,
    mirror: bool = False,
    engine: Engine | None = None,
    in_unit: InUnit = np.asarray,
    on_progress: OnProgress | None = None,
) -> Prediction:
    """Apply `method` window by window; a stochastic method `samples` times, with noise from `seed`.

    The noise of several samples is standard normal, that of a single one is the method's (`single_noise_std`).
    `engine` computes the windows, torch if none is given; `in_unit` is the normalisation's way back, by which it is
    compared with torch.
    """
    count = samples if method.noise_channels else 1
    std = method.single_noise_std if count == 1 else 1.0
    passes = [(number, step) for number in range(count) for step in ((1, -1) if mirror else (1,))]
    example = window.example(prepared.voxels, prepared.background, prepared.mask)
    noise = _noise(method.noise_channels, example.shape[2:], [seed, 0], std)
    if noise is not None:
        example = torch.cat([example, torch.from_numpy(noise[None]).to(example.device)], dim=1)
    translate, used = (engine or Torch()).ready(method, conditions, example, in_unit)
    moments = Moments()
    for done, (number, step) in enumerate(passes):
        side = slice(None, None, step)  # The first axis of the prepared grid is left to right, as it is for flips.
        out = window(
            prepared.voxels[:, side],
            translate,
            background=prepared.background,
            mask=prepared.mask[side],
            noise=_noise(method.noise_channels, prepared.mask.shape, [seed, number], std),
            on_progress=part_progress(on_progress, done, len(passes)),
        )[:, side]
        np.copyto(out, window.target_background, where=~prepared.mask)
        moments.add(out)
    return Prediction(moments.mean, np.sqrt(moments.variance) if count > 1 else None, count, used)


class _Answer(nn.Module):
    """Another answer of a method, such as its spread, as if it were its translation."""

    noise_channels, single_noise_std = 0, 0.0

    def __init__(self, method: Any, name: str) -> None:
        super().__init__()
        self.method, self.name, self.divisor = method, name, method.divisor

    def translate(self, source: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        answer: torch.Tensor = getattr(self.method, self.name)(source, condition)
        return answer


def predict_classes(
    method: Any, window: SlidingWindow, prepared: Prepared, conditions: Sequence[float], **how: Any
) -> Prediction:
    """Probabilities of the classes of a method with class means, from -1 to 1; `how` as of `predict`."""
    classes = replace(window, target_channels=len(method.class_means) - 1, target_background=-1.0)
    return predict(_Answer(method, "classes"), classes, prepared, conditions, **how)


def mean_of_classes(prediction: Prediction, means: Sequence[float], prepared: Prepared, outside: float) -> Prediction:
    """The mean intensity of the classes, weighted by their probabilities; `outside` of the body that number."""
    background, *others = map(np.float32, means)
    weights = np.array([mean - background for mean in others], np.float32)
    voxels = background + np.tensordot(weights, (prediction.voxels + 1) / 2, 1)
    return replace(prediction, voxels=np.where(prepared.mask, voxels, np.float32(outside))[None])


def with_spread(
    prediction: Prediction,
    method: Any,
    window: SlidingWindow,
    prepared: Prepared,
    conditions: Sequence[float],
    *,
    engine: Engine | None = None,
) -> Prediction:
    """The prediction with the standard deviation that the method itself gives; `engine` must not be that of the method.

    Unchanged for a method that gives none. Blended as the images are; 0 outside of the body.
    """
    if not method.gives_spread:
        return prediction
    example = window.example(prepared.voxels, prepared.background, prepared.mask)
    spread, _ = (engine or Torch()).ready(_Answer(method, "spread"), conditions, example, np.asarray)
    deviation = window(prepared.voxels, spread, background=prepared.background, mask=prepared.mask)
    return replace(prediction, deviation=np.where(prepared.mask, deviation, np.float32(0)))


def refuse_not_finite(prediction: Prediction, where: str) -> None:
    """Raises ModelRefused where the network gave nan or infinite values."""
    if not np.isfinite(prediction.voxels).all():
        advice = "train the model again, or use another one"
        raise ModelRefused(where, "the model gave values that are not finite", advice)


def _noise(channels: int, shape: Sequence[int], seed: Sequence[int], std: float) -> np.ndarray | None:
    """Normal noise (channel, i, j, k) of that standard deviation on the prepared grid; None for no channels."""
    if not channels:
        return None
    return np.random.default_rng(seed).standard_normal((channels, *shape), np.float32) * np.float32(std)
