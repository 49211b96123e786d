"""Sizes that nothing can be trained with: refused by the headers of the cases, before anything is read or written."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from medtrans.core.case import Case
from medtrans.core.errors import MedtransError, UsageError
from medtrans.reading.extents import voxel_and_field
from medtrans.reading.memory import free_bytes
from medtrans.reading.volumes import read_grid
from medtrans.recipe import Recipe

MIN_VOXELS = 4
"""Along the two longest sides of an image that is resampled; a patch of fewer is mostly padding."""
IMAGES_AT_ONCE = 4
"""Source and target, before and after resampling, in float32."""
FEATURE_MAPS = 16
"""Of the size of a patch that any training holds: its images, a few maps, and their gradients."""
BYTES = 4
ONE_VALUE = "Expected more than 1"
"""How torch begins what a normalisation refuses."""


def refuse_absurd_sizes(recipe: Recipe, cases: Sequence[Case]) -> None:
    """Raises UsageError where preparing.spacing makes images of hardly a voxel, or patches or images beyond memory."""
    free = free_bytes() or math.inf
    patch = recipe.preparing.patch
    if patch:
        needed = math.prod(patch) * BYTES * FEATURE_MAPS * recipe.training.batch
        if needed > free:
            what = f"{list(patch)} takes at least {needed / 1e9:.0f} GB to train with, and {free / 1e9:.1f} GB are free"
            raise UsageError("preparing.patch", what, "set a smaller patch, or a smaller training.batch")
    if recipe.preparing.spacing:
        for case in cases:
            _refuse_spacing(case, recipe.preparing.spacing, free)


def _refuse_spacing(case: Case, spacing: Sequence[float], free: float) -> None:
    files = case.sources or case.targets
    try:
        voxel, field = voxel_and_field(*read_grid(files[0]))
    except MedtransError:  # The checks of the cases name it.
        return
    sides = [max(1, round(length / side)) for length, side in zip(field, spacing, strict=True)]
    size = " × ".join(f"{side:,}" for side in sides)
    advice = f"set one near the voxels that were measured, {[round(float(side), 2) for side in voxel]}, or null"
    if sorted(sides)[1] < MIN_VOXELS:
        what = f"{list(spacing)} mm leaves {size} voxels of {case.name}, too few to train with"
        raise UsageError("preparing.spacing", what, advice)
    needed = float(np.prod(sides, dtype=float)) * BYTES * IMAGES_AT_ONCE
    if needed > free:
        memory = f"{needed / 1e9:,.0f} GB, and {free / 1e9:.1f} GB are free"
        what = f"{list(spacing)} mm makes {size} voxels of {case.name}: {memory}"
        raise UsageError("preparing.spacing", what, advice)


@contextmanager
def single_value_errors() -> Iterator[None]:
    """Turns torch's refusal to normalise a single voxel into UsageError."""
    try:
        yield
    except ValueError as reason:
        if ONE_VALUE not in str(reason):
            raise
        what = "is so small that the lowest level of the network has one voxel, which its norm cannot normalise"
        raise UsageError(
            "preparing.patch", what, "set a larger patch, fewer levels, or a larger training.batch"
        ) from reason
