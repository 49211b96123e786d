"""Null-space part of training items: what of an image the measurement that made its source does not determine.

    P x = x - A⁺ A x,       P = Pᵀ = P P: the gradient of P x is P times the gradient

Items are whole slices, and A acts within slices. Schwab, Antholzer and Haltmeier, Inverse Problems 2019,
https://doi.org/10.1088/1361-6420/aaf14a
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from medtrans.core.degradation import LinearDegradation
from medtrans.core.known_operator import KnownOperator
from medtrans.core.volume import Volume
from medtrans.degradations._combinations import Record
from medtrans.degradations._record import known_operator
from medtrans.preparing.geometry import orient

TRIAL_SIDES, TRIAL_SLICES, TRIAL_DRAWS, TRIAL_TOLERANCE = (12, 11), 14, 8, 1e-3
"""Sides and number of slices, draws and largest relative difference of the trial whether a degradation acts within
slices: the outermost and a middle one. Most voxels lie across them, along which some degradations choose to act."""


@dataclass(frozen=True)
class MadeBy:
    """The record of the degradation of a source, and the orientation in which its volume was degraded, as RAS."""

    record: Record
    orientation: str

    @classmethod
    def of(cls, record: Record, original: Volume) -> MadeBy:
        """Of a volume as it is stored."""
        return cls(record, original.orientation)


@dataclass(frozen=True, eq=False)
class SliceProjection:
    """P for one item: a slice of `shape`, across `axis` of a volume with that affine, cut out from `start`."""

    made_by: MadeBy
    affine: np.ndarray
    axis: int
    shape: tuple[int, ...]
    start: tuple[int, ...]

    def __call__(self, item: np.ndarray) -> np.ndarray:
        """Of an item (channel, *size); what lies beyond the slice stays."""
        first = [max(-start, 0) for start in self.start]
        inside = (slice(None), *(slice(a, a + side) for a, side in zip(first, self.shape, strict=True)))
        volume = Volume(np.expand_dims(item[inside], self.axis + 1), self.affine)
        stored, back = orient(volume, self.made_by.orientation)
        operator = known_operator(self.made_by.record, stored)
        assert operator is not None, "recipes are refused otherwise"
        out = np.array(item)
        out[inside] = back(operator.null_space(stored.voxels)).squeeze(self.axis + 1)
        return out


@dataclass(frozen=True)
class NullSpace:
    """P for the items of a batch: images (batch, channel, *size) to their null-space parts, differentiable."""

    items: Sequence[SliceProjection]

    def __call__(self, images: Tensor) -> Tensor:
        """The null-space part of each image."""
        projected: Tensor = _Projected.apply(images, self.items)  # type: ignore[no-untyped-call]
        return projected


class _Projected(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, items: Sequence[SliceProjection]) -> Tensor:
        ctx.items = items
        return _projected(images, items)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        return _projected(gradients[0], ctx.items), None


def _projected(images: Tensor, items: Sequence[SliceProjection]) -> Tensor:
    arrays = images.detach().cpu().double().numpy()
    return torch.from_numpy(np.stack([p(one) for p, one in zip(items, arrays, strict=True)])).to(images)


def acts_within_slices(degradation: LinearDegradation, axis: int) -> bool:
    """Whether AᵀA, of which P is a function, gives a slice across the axis the same alone and in its volume: a trial.

    P itself would be found by conjugate gradients, which stop before they agree where A is ill-conditioned.
    """
    rng = np.random.default_rng(0)
    shape = list(TRIAL_SIDES)
    shape.insert(axis, TRIAL_SLICES)
    volume = Volume(rng.normal(size=(1, *shape)), np.eye(4))
    for _ in range(TRIAL_DRAWS):
        parameters = degradation.draw(rng)
        whole = _there_and_back(KnownOperator(degradation, parameters, volume))
        for place in (0, TRIAL_SLICES // 2):
            alone = Volume(volume.voxels.take([place], axis + 1), np.eye(4))
            part = _there_and_back(KnownOperator(degradation, parameters, alone))
            difference = whole.take([place], axis + 1) - part
            if np.linalg.norm(difference) > TRIAL_TOLERANCE * np.linalg.norm(part):
                return False
    return True


def _there_and_back(operator: KnownOperator) -> np.ndarray:
    """AᵀA x of the image that is its grid."""
    return operator.adjoint(operator.measure(operator.grid.voxels))
