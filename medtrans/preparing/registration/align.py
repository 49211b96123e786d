"""Registration of a moving volume to a fixed one: both directions, the judgement, and the volume on the fixed grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medtrans.core.errors import EmptyMask, EnvironmentRefused
from medtrans.core.modality import Modality, find_modality
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.volume import Volume
from medtrans.preparing.masks import body_mask
from medtrans.preparing.registration.bias import without_bias
from medtrans.preparing.registration.images import Pyramid, to_image, to_voxels
from medtrans.preparing.registration.judgement import Judgement, judge
from medtrans.preparing.registration.kinds import Kind
from medtrans.preparing.registration.search import search_affine, search_bspline, search_rigid
from medtrans.preparing.resampling import point_spread

if TYPE_CHECKING:
    import SimpleITK as sitk


@dataclass(frozen=True, eq=False)
class Registration:
    """The transform from points of the fixed image to points of the moving one (LPS, mm), and its judgement."""

    kind: Kind
    transform: sitk.Transform
    judgement: Judgement


def register(
    fixed: Volume,
    moving: Volume,
    kind: Kind = "rigid",
    *,
    modalities: tuple[Modality | None, Modality | None] = (None, None),
    bodies: tuple[Volume | None, Volume | None] = (None, None),
    on_progress: ProgressCallback = no_progress,
) -> Registration:
    """Register `moving` to `fixed`; `modalities` and `bodies` (masks) are those of the fixed and of the moving image.

    The opposite direction is registered, too, for the judgement. The first channel counts.
    Raises EmptyMask, EnvironmentRefused without SimpleITK.
    """
    _refuse_without_simpleitk()
    sides = [
        _pyramid(volume, modality, body)
        for volume, modality, body in zip((fixed, moving), modalities, bodies, strict=True)
    ]
    on_progress("aligning", "images prepared", 0.2)
    there = _search(sides[0], sides[1], kind)
    on_progress("aligning", f"{kind}: moving to fixed", 0.6)
    back = _search(sides[1], sides[0], kind)
    on_progress("aligning", f"{kind}: fixed to moving, for the judgement", 1.0)
    one_is_ct = may_be_ct(fixed, modalities[0]) != may_be_ct(moving, modalities[1])
    return Registration(kind, there, judge(sides[0], sides[1], there, back, one_is_ct=one_is_ct))


def place(transform: sitk.Transform | None, moving: Volume, fixed: Volume, background: float, order: int = 3) -> Volume:
    """`moving` on the grid of `fixed`, where it lies without a transform; order 0 nearest (labels), 1 linear, 3 cubic.

    Smoothed before where voxels grow; no value leaves the range of the volume and the background.
    """
    import SimpleITK as sitk

    interpolator = {0: sitk.sitkNearestNeighbor, 1: sitk.sitkLinear, 3: sitk.sitkBSpline3}[order]
    growth = np.linalg.norm((np.linalg.inv(moving.affine) @ fixed.affine)[:3, :3], axis=1)
    grid = to_image(Volume(np.zeros((1, *fixed.shape), np.uint8), fixed.affine))
    out = []
    for voxels in moving.voxels:
        source = point_spread(voxels.astype(np.float32), growth) if order else voxels
        image = to_image(Volume(source[None], moving.affine))
        placed = to_voxels(sitk.Resample(image, grid, transform or sitk.Transform(), interpolator, background))[0]
        out.append(np.clip(placed, min(source.min(), background), max(source.max(), background)))
    return Volume(np.stack(out), fixed.affine, fixed.origin)


def _search(fixed: Pyramid, moving: Pyramid, kind: Kind) -> sitk.Transform:
    rigid = search_rigid(fixed, moving)
    if kind == "rigid":
        return rigid
    affine = search_affine(fixed, moving, rigid)
    return affine if kind == "affine" else search_bspline(fixed, moving, affine)


def may_be_ct(volume: Volume, modality: Modality | None) -> bool:
    """By its values where its modality is not declared: the judgement of what may be a CT is more careful."""
    return modality.name == "CT" if modality else not find_modality("CT").check(volume.voxels, "")


def _pyramid(volume: Volume, modality: Modality | None, body: Volume | None) -> Pyramid:
    first = Volume(volume.voxels[:1].astype(np.float32), volume.affine)
    name = modality.name if modality else None
    if body is None:
        body = first.like(body_mask(first.voxels[0], volume.spacing, is_ct=name == "CT"))
    if not (body.voxels > 0).any():
        raise EmptyMask("mask", "holds no voxel above 0", "give a mask of the body", "empty-mask")
    return Pyramid(without_bias(first, body) if name == "MR" else first, body)


def _refuse_without_simpleitk() -> None:
    try:
        import SimpleITK  # noqa: F401
    except ImportError as reason:
        raise EnvironmentRefused("SimpleITK", "is not installed", "pip install SimpleITK") from reason
