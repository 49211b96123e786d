"""Volume: voxels on a grid in patient space.

Voxels are NumPy arrays, channel first: (channel, i, j, k). A 2D image is one slice thick.
The affine maps (i, j, k, 1) to millimetres in the RAS+ world of NIfTI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from medtrans.core.errors import GridMismatch, UsageError
from medtrans.core.finding import Finding

AFFINE_TOLERANCE_MM = 1e-4
"""Largest difference between the elements of two affines that describe the same grid."""
AXIS_CODES = (("L", "R"), ("P", "A"), ("I", "S"))
"""Letters for the negative and the positive direction of each world axis."""


@dataclass(frozen=True, eq=False)
class Origin:
    """File format a volume was read from, the header in that format's own type, and the modality that it names."""

    format: str
    header: Any = None
    modality: str = ""
    """As in `core.modality`; empty where the format has no field for it."""


class Provenance(Protocol):
    """What is known of voxels that a model computed."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the sidecar."""


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (channel, i, j, k), the 4x4 affine, the origin if the volume was read, and the findings of the reader."""

    voxels: np.ndarray
    affine: np.ndarray
    origin: Origin | None = None
    findings: tuple[Finding, ...] = ()
    provenance: Provenance | None = None
    """Of voxels that a model computed, and of what is made of them by `like`; None where they were measured."""

    def __post_init__(self) -> None:
        if self.voxels.ndim != 4:
            raise GridMismatch("volume", f"voxels have shape {self.voxels.shape}", "give (channel, i, j, k)")
        if np.shape(self.affine) != (4, 4):
            raise GridMismatch("volume", f"the affine has shape {np.shape(self.affine)}", "give 4x4")
        object.__setattr__(self, "affine", np.asarray(self.affine, dtype=np.float64))

    def __repr__(self) -> str:
        """One line: channels, voxels, type, spacing, orientation, format, and whether a model computed it."""
        voxels, spacing = "×".join(map(str, self.shape)), "×".join(f"{mm:.4g}" for mm in self.spacing)
        channels = f"{self.channels} channels of " if self.channels != 1 else ""
        parts = [f"{channels}{voxels} {self.voxels.dtype}", f"{spacing} mm", self.orientation]
        parts += [self.origin.format] if self.origin else []
        return f"Volume({', '.join([*parts, *(['synthetic'] if self.provenance else [])])})"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along i, j, k."""
        _, i, j, k = self.voxels.shape
        return i, j, k

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.voxels.shape[0])

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along i, j, k, in millimetres."""
        i, j, k = np.linalg.norm(self.affine[:3, :3], axis=0).tolist()
        return i, j, k

    @property
    def orientation(self) -> str:
        """Anatomical direction of i, j, k: "RAS" means towards right, anterior and superior."""
        return "".join(AXIS_CODES[axis][sign > 0] for axis, sign in world_axes(self.affine))

    def like(self, voxels: np.ndarray) -> Volume:
        """A volume of other values on the same grid, without findings. A 3D array becomes one channel."""
        voxels = voxels[None] if voxels.ndim == 3 else voxels
        if voxels.shape[1:] != self.voxels.shape[1:]:
            raise GridMismatch(
                "volume", f"{voxels.shape[1:]} voxels do not fit the grid {self.shape}", "give voxels on that grid"
            )
        return Volume(voxels, self.affine, self.origin, provenance=self.provenance)

    def shares_grid_with(self, other: Volume) -> bool:
        """Whether shape and affine are equal, to a tenth of a micrometre."""
        return self.shape == other.shape and bool(
            np.allclose(self.affine, other.affine, rtol=0, atol=AFFINE_TOLERANCE_MM)
        )


def refuse_other_images(image: object, where: str) -> None:
    """Raise UsageError on what is no Volume, with the way to make one of it."""
    if isinstance(image, Volume):
        return
    kind = f"{type(image).__module__.partition('.')[0]}.{type(image).__name__}"
    advice = "give a medtrans.Volume, as medtrans.read_volume(path) returns it"
    if isinstance(image, np.ndarray):
        what = "is a NumPy array, which has no place in space"
        raise UsageError(where, what, "give medtrans.Volume(array[None], affine), with the 4x4 affine to mm in RAS")
    if hasattr(image, "dataobj") and hasattr(image, "affine"):
        made = "medtrans.Volume(np.asanyarray(image.dataobj)[None], image.affine)"
        raise UsageError(where, f"is a {kind}", f"give {made}, or medtrans.read_volume(path) of its file")
    raise UsageError(where, f"is a {kind}, not a volume", advice)


def world_axes(affine: np.ndarray) -> list[tuple[int, int]]:
    """For each voxel axis: the nearest world axis (0, 1, 2) and the direction along it (1 or -1).

    Each world axis is used once, by the voxel axis nearest to it. An oblique or sheared affine is replaced by the
    nearest rotation (polar decomposition) before.
    """
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    left, _, right = np.linalg.svd(directions)
    rotation = left @ right
    axes = [(0, 1)] * 3
    for column in np.argsort(-np.abs(rotation).max(axis=0), kind="stable").tolist():
        axis = int(np.argmax(np.abs(rotation[:, column])))
        axes[column] = axis, 1 if rotation[axis, column] > 0 else -1
        rotation[axis] = 0
    return axes
