"""A volume: voxels on a grid in patient space.

Voxels are numpy, channel first: (channel, i, j, k). A 2D image is one slice thick.
The affine maps (i, j, k, 1) to millimetres in RAS+ (NIfTI's world).
"""

from __future__ import annotations

from dataclasses import dataclass

import nibabel as nib
import numpy as np

from medtrans.core.errors import GridMismatch

AFFINE_TOLERANCE = 1e-4
"""Millimetres (and direction cosines times spacing) by which two affines may differ and still name one grid."""


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (channel, i, j, k) and the 4x4 affine that places them; the NIfTI header they came with, if any."""

    voxels: np.ndarray
    affine: np.ndarray
    header: nib.Nifti1Header | None = None

    def __post_init__(self) -> None:
        if self.voxels.ndim != 4:
            raise GridMismatch("volume", f"voxels have shape {self.voxels.shape}", "give (channel, i, j, k)")
        if np.shape(self.affine) != (4, 4):
            raise GridMismatch("volume", f"the affine has shape {np.shape(self.affine)}", "give 4x4")
        object.__setattr__(self, "affine", np.asarray(self.affine, dtype=np.float64))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along i, j, k."""
        _, i, j, k = self.voxels.shape
        return i, j, k

    @property
    def channels(self) -> int:
        return int(self.voxels.shape[0])

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along i, j, k, in millimetres."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return i, j, k

    @property
    def orientation(self) -> str:
        """Where i, j, k run to: "RAS" means to the right, to the front, to the top of the head."""
        return "".join(nib.orientations.aff2axcodes(self.affine))  # type: ignore[no-untyped-call]

    def like(self, voxels: np.ndarray) -> Volume:
        """The same place, other values. A 3D array becomes one channel."""
        voxels = voxels[None] if voxels.ndim == 3 else voxels
        if voxels.shape[1:] != self.voxels.shape[1:]:
            raise GridMismatch("volume", f"{voxels.shape[1:]} voxels do not fit the grid {self.shape}")
        return Volume(voxels, self.affine, self.header)

    def shares_grid_with(self, other: Volume) -> bool:
        """Same shape and the same place in space, to a tenth of a micrometre."""
        return self.shape == other.shape and bool(np.allclose(self.affine, other.affine, rtol=0, atol=AFFINE_TOLERANCE))
