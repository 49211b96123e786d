"""Voxel sizes and fields of view of a cohort, in mm along left-right, posterior-anterior and inferior-superior."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from medtrans.reading.volumes import read_grid

Sides = tuple[float, float, float]


@dataclass(frozen=True)
class Extent:
    """Median, smallest and largest value over volumes, for each axis of the body."""

    median: Sides
    low: Sides
    high: Sides

    @classmethod
    def of(cls, sides: Sequence[Sides]) -> Extent:
        """Of one or more volumes."""
        values = np.round(np.array(sides, np.float64), 4)
        return cls(*(tuple(one.tolist()) for one in (np.median(values, axis=0), values.min(0), values.max(0))))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: list(values) for name, values in asdict(self).items()}


def voxels_and_fields(paths: Iterable[Path]) -> list[tuple[Sides, Sides]]:
    """(voxel size, field of view) of each volume, from its header. Raises InputRefused, EnvironmentRefused."""
    return [voxel_and_field(*read_grid(path)) for path in paths]


def voxel_and_field(shape: Sequence[int], affine: np.ndarray) -> tuple[Sides, Sides]:
    """Of a grid."""
    axes = nib.orientations.io_orientation(affine)[:, 0].astype(int)
    sizes = np.linalg.norm(affine[:3, :3], axis=0)
    voxel, field = np.empty(3), np.empty(3)
    voxel[axes], field[axes] = sizes, sizes * np.array(shape[:3])
    return (voxel[0], voxel[1], voxel[2]), (field[0], field[1], field[2])
