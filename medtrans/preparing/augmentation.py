"""Augmentation: random transforms and degradations of training items, drawn first as plain numbers, then applied.

Source, target and mask of a pair get the same spatial transform, so that they stay aligned; what lies outside the
volume becomes the air of each. Degradations (gain, gamma, bias field, blur, noise) change the source alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import numpy as np

from medtrans.core.degradation import Degradation
from medtrans.core.settings import MemberOf
from medtrans.core.volume import Volume
from medtrans.preparing.transforms import SpatialTransform

AugmentationStep: TypeAlias = (
    Annotated[SpatialTransform, MemberOf("medtrans.preparing.transforms")]
    | Annotated[Degradation, MemberOf("medtrans.degradations", role="local")]
)
DrawnDegradations: TypeAlias = Sequence[tuple[Degradation, Mapping[str, Any]]]
"""Degradations, each with the parameters that were drawn for it."""


def draw_transforms(
    augmentation: Sequence[SpatialTransform | Degradation], rng: np.random.Generator, spatial_dims: int
) -> list[tuple[SpatialTransform, dict[str, Any]]]:
    """The spatial transforms, in their order, each with JSON-able parameters."""
    return [(step, step.draw(rng, spatial_dims)) for step in augmentation if isinstance(step, SpatialTransform)]


def draw_intensity(
    augmentation: Sequence[SpatialTransform | Degradation], rng: np.random.Generator
) -> list[tuple[Degradation, dict[str, Any]]]:
    """The degradations, in their order, each with JSON-able parameters."""
    return [(step, step.draw(rng)) for step in augmentation if isinstance(step, Degradation)]


def augment_intensity(voxels: np.ndarray, drawn: DrawnDegradations, spacing: Sequence[float], air: float) -> np.ndarray:
    """Normalised voxels (channel, *space), degraded as drawn; air lies at `air`, `spacing` is in mm.

    The range from air to 1, which is 2 wide where air is -1, becomes the range from 0 to 1 of degradations.
    """
    if not drawn:
        return voxels
    missing = 3 - len(spacing)
    relative = ((voxels - np.float32(air)) / np.float32(2)).reshape(*voxels.shape, *[1] * missing)
    volume = Volume(relative, np.diag([*spacing, *[1.0] * missing, 1.0]))
    for degradation, parameters in drawn:
        volume = degradation.apply(volume, **parameters)
    return volume.voxels.reshape(voxels.shape) * np.float32(2) + np.float32(air)
