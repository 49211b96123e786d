"""Coarse copies of a volume as images of SimpleITK, outliers clipped, each with the mask of what counts.

The world of ITK is LPS, that of medtrans is RAS: the first two axes change sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from medtrans.core.volume import Volume
from medtrans.preparing.geometry import orient, resample_like, to_grid
from medtrans.preparing.masks import dilated
from medtrans.reading.grids import LPS_TO_RAS

if TYPE_CHECKING:
    import SimpleITK as sitk

CLIPPED = 0.5, 99.5
"""Percentiles of the values in the mask to which an image is clipped."""
MARGIN_MM = 8.0
"""The mask is dilated by so much, so that the edge between body and air counts."""


@dataclass(frozen=True, eq=False)
class Level:
    """An image and the mask of what counts in it, at one voxel size."""

    image: sitk.Image
    mask: sitk.Image


class Pyramid:
    """A volume with the mask of its body on the same grid, at any voxel size; each size is made once."""

    def __init__(self, volume: Volume, body: Volume) -> None:
        self.volume, self.body = volume, body
        self._levels: dict[float, Level] = {}

    @property
    def centre(self) -> np.ndarray:
        """The centre of mass of the body, mm in the world of ITK."""
        middle = np.argwhere(self.body.voxels[0] > 0).mean(axis=0)
        return np.asarray((LPS_TO_RAS @ self.body.affine @ [*middle, 1])[:3])

    def level(self, millimetres: float) -> Level:
        """A copy of so many millimetres a voxel, or of the volume's own along axes that are coarser."""
        if millimetres not in self._levels:
            self._levels[millimetres] = _level(self.volume, self.body, millimetres)
        return self._levels[millimetres]


def _level(volume: Volume, body: Volume, millimetres: float) -> Level:
    """Cut to the dilated mask."""
    spacing: Any = tuple(max(millimetres, size) for size in orient(volume, "RAS")[0].spacing)
    coarse, _ = to_grid(volume, spacing=spacing)
    mask = resample_like(Volume(body.voxels.astype(np.float32), body.affine), coarse).voxels[0] > 0.5
    if not mask.any():
        mask = np.ones(coarse.shape, bool)
    low, high = np.percentile(coarse.voxels[0][mask], CLIPPED)
    mask = dilated(mask, coarse.spacing, MARGIN_MM)
    box = tuple(slice(int(places.min()), int(places.max()) + 1) for places in np.nonzero(mask))
    corner = coarse.affine @ [*(part.start for part in box), 1]
    affine = np.column_stack([coarse.affine[:, :3], corner])
    image = Volume(np.clip(coarse.voxels[0], low, high)[box][None], affine)
    return Level(to_image(image), to_image(Volume(mask[box][None].astype(np.uint8), affine)))


def to_image(volume: Volume) -> sitk.Image:
    """The first channel, in the world of ITK."""
    import SimpleITK as sitk

    affine = LPS_TO_RAS @ volume.affine
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.voxels[0].T))
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    return image


def to_voxels(image: sitk.Image) -> np.ndarray:
    """Voxels (channel, i, j, k) of an image of one channel."""
    import SimpleITK as sitk

    return sitk.GetArrayFromImage(image).T[None]
