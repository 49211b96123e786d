"""Rigid, affine and B-spline registration by mutual information, from coarse to fine, from several starts.

All transforms map points of the fixed image to points of the moving image, in the world of ITK (LPS, mm).

Mattes et al., PET-CT image registration in the chest, IEEE TMI 2003, https://doi.org/10.1109/TMI.2003.809072
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.preparing.registration.free_form import BINS, search_deformation
from medtrans.preparing.registration.images import Level, Pyramid
from medtrans.reading.memory import is_out_of_memory

if TYPE_CHECKING:
    import SimpleITK as sitk

T = TypeVar("T", bound="sitk.Transform")
SAMPLES = 60_000
"""Voxels of a level at which the mutual information is measured, at most."""
SEED = 1
START_DEGREES = 18.0
AFFINE_STEP_MM = 0.5
MAX_STRETCH = 1.25
"""Largest factor by which an affine transform may stretch along any axis."""
LEVELS_MM = 8.0, 4.0, 2.0
KEPT = 4, 2, 1
"""How many of the best candidates are left after each level."""
DEFORMATION_MM = 4.0
"""Voxel size at which a deformation is measured."""
CONTROL_POINTS_MM = 80.0, 45.0
"""Distances of the control points of a deformation."""


def search_rigid(fixed: Pyramid, moving: Pyramid) -> sitk.Euler3DTransform:
    """A rotation and a translation. Several starts; the best go on to finer levels."""
    candidates = _starts(fixed, moving)
    for millimetres, kept in zip(LEVELS_MM, KEPT, strict=True):
        found = [_descend(fixed.level(millimetres), moving.level(millimetres), one, millimetres) for one in candidates]
        found.sort(key=lambda pair: pair[0])
        if not math.isfinite(found[0][0]):
            advice = "give masks of the body, or images that show the same part of it"
            raise InputRefused("registration", "no start leads to images that overlap", advice, "no-overlap")
        candidates = [transform for _, transform in found[:kept]]
    return candidates[0]


def search_affine(fixed: Pyramid, moving: Pyramid, start: sitk.Euler3DTransform) -> sitk.AffineTransform:
    """Twelve parameters, beginning with a rigid transform; that one itself where no head is stretched so."""
    import SimpleITK as sitk

    transform = sitk.AffineTransform(start.GetMatrix(), start.GetTranslation(), start.GetCenter())
    for millimetres in LEVELS_MM[1:]:
        _, transform = _descend(fixed.level(millimetres), moving.level(millimetres), transform, AFFINE_STEP_MM)
    stretch = np.linalg.svd(np.reshape(transform.GetMatrix(), (3, 3)), compute_uv=False)
    kept = stretch.min() >= 1 / MAX_STRETCH and stretch.max() <= MAX_STRETCH
    return transform if kept else sitk.AffineTransform(start.GetMatrix(), start.GetTranslation(), start.GetCenter())


def search_bspline(fixed: Pyramid, moving: Pyramid, start: sitk.AffineTransform) -> sitk.CompositeTransform:
    """A free-form deformation of the fixed space, then the affine transform; control points from coarse to fine."""
    import SimpleITK as sitk

    sides = fixed.level(DEFORMATION_MM), moving.level(DEFORMATION_MM)
    return sitk.CompositeTransform([start, search_deformation(*sides, start, CONTROL_POINTS_MM)])


def _starts(fixed: Pyramid, moving: Pyramid) -> list[sitk.Euler3DTransform]:
    """Centres of mass on each other, not rotated, and rotated about each axis to either side."""
    import SimpleITK as sitk

    turns = [np.zeros(3), *(sign * math.radians(START_DEGREES) * axis for axis in np.eye(3) for sign in (1, -1))]
    shift = (moving.centre - fixed.centre).tolist()
    return [sitk.Euler3DTransform(fixed.centre.tolist(), *turn.tolist(), shift) for turn in turns]


def _descend(fixed: Level, moving: Level, start: T, step: float) -> tuple[float, T]:
    """The negative mutual information at its nearest minimum, and the transform there. The first step is so many mm."""
    method = _method(fixed, moving, SAMPLES)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=step, minStep=step / 400, numberOfIterations=100, relaxationFactor=0.6,
        gradientMagnitudeTolerance=1e-6,
    )  # fmt: skip
    method.SetOptimizerScalesFromPhysicalShift()
    transform = type(start)(start)
    method.SetInitialTransform(transform, inPlace=True)
    try:
        method.Execute(fixed.image, moving.image)
    except RuntimeError as reason:
        if is_out_of_memory(reason):
            raise
        return math.inf, start  # No sample lies within the moving image any more.
    return method.GetMetricValue(), transform


def _method(fixed: Level, moving: Level, samples: int) -> sitk.ImageRegistrationMethod:
    """One work unit and a fixed seed, so that the same images give the same transform to the last bit."""
    import SimpleITK as sitk

    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfWorkUnits(1)
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricFixedMask(fixed.mask)
    method.SetInterpolator(sitk.sitkLinear)
    voxels = int(np.prod(fixed.image.GetSize()))
    if voxels > samples:
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(samples / voxels, SEED)
    return method
