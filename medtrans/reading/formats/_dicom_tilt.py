"""Rectangular grid of a series whose slices are shifted against each other, as a tilted gantry leaves them.

Each slice is moved within its plane to where the rectangular grid has it, and the slices of the grid, at the usual
distance, are interpolated between the two that are next to them; all linearly. The plane grows by the shift, so that
nothing is cut off. Beyond the slices is the lowest value of the series.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medtrans.core.finding import Finding
from medtrans.reading.formats._dicom_frames import Frame
from medtrans.reading.formats._dicom_pixels import voxels_of
from medtrans.reading.grids import LPS_TO_RAS

SLACK = 1e-3
"""Of a voxel: a grid does not grow by less."""


@dataclass(frozen=True, eq=False)
class Upright:
    """A rectangular grid, and where slices of the series lie on it."""

    shape: tuple[int, int, int]
    affine: np.ndarray
    """RAS."""
    shifts: np.ndarray
    """(slice, 2): voxels along rows and columns from the corner of the grid to that of the slice."""
    depths: np.ndarray
    """Mm of each slice above the first."""
    step: float
    """Mm between slices of the grid."""


def upright_grid(order: Sequence[Frame]) -> Upright:
    """The grid of slices in their order, which are parallel and of one size."""
    first = order[0]
    axes = np.array([first.rows_along, first.columns_along])
    normal = np.cross(*axes)
    places, spacing = np.array([frame.position for frame in order]), np.array(first.spacing)
    within, depths = places @ axes.T, (places - places[0]) @ normal
    corner = within.min(axis=0)
    shifts = (within - corner) / spacing
    columns, rows = (np.array(first.size) + np.ceil(shifts.max(axis=0) - SLACK).astype(int)).tolist()
    step = float(np.median(np.diff(depths)))
    slices = int(np.floor(depths[-1] / step + SLACK)) + 1
    affine = np.eye(4)
    affine[:3, :3] = np.array([*(axes * spacing[:, None]), normal * step]).T
    affine[:3, 3] = corner @ axes + (places[0] @ normal) * normal
    return Upright((columns, rows, slices), LPS_TO_RAS @ affine, shifts, depths, step)


def upright_voxels(order: Sequence[Frame], grid: Upright) -> np.ndarray:
    """(1, column, row, slice): whole numbers where the series has them, else float32."""
    stored = voxels_of(order)
    fill = float(stored.min())
    out = np.empty((1, *grid.shape), np.float32)
    for k in range(grid.shape[2]):
        depth = min(k * grid.step, float(grid.depths[-1]))
        above = int(np.clip(np.searchsorted(grid.depths, depth), 1, len(order) - 1))
        gap = float(grid.depths[above] - grid.depths[above - 1])
        weight = float(np.clip((depth - grid.depths[above - 1]) / gap, 0, 1))
        parts = [(above - 1, 1 - weight), (above, weight)]
        plane = sum(part * _moved(stored[0, ..., n], grid.shape[:2], grid.shifts[n]) for n, part in parts if part)
        out[0, ..., k] = np.nan_to_num(np.asarray(plane), nan=fill)
    return np.rint(out).astype(stored.dtype) if stored.dtype.kind == "i" else out


def tilt_finding(path: Path, tilt: float, order: Sequence[Frame], grid: Upright) -> Finding:
    """What was interpolated."""
    distances = np.diff(grid.depths)
    apart = f", {distances.min():.2f} to {distances.max():.2f} mm apart,"
    uneven = "" if np.ptp(distances) < SLACK * grid.step else apart
    size = " × ".join(map(str, grid.shape))
    return Finding(
        code="tilt-resampled",
        severity="warn",
        where=str(path),
        what=f"its {len(order)} slices of a gantry tilted by {tilt:.1f}°{uneven} are interpolated to a rectangular "
        f"grid of {size} voxels, {grid.step:.2f} mm apart",
        consequence="edges are blurred by up to a voxel, and the grid is not that of the series",
        numbers={"tilt": tilt, "slices": len(order)},
    )


def _moved(image: np.ndarray, shape: tuple[int, ...], shift: np.ndarray) -> np.ndarray:
    """The image on a larger plane, moved by a part of a pixel linearly; nan where it does not reach."""
    whole = np.floor(shift + SLACK).astype(int)
    out = np.full(shape, np.nan, np.float32)
    out[tuple(slice(begin, begin + side) for begin, side in zip(whole, image.shape, strict=True))] = image
    for axis, part in enumerate((shift - whole).tolist()):
        if part > SLACK:
            before = np.roll(out, 1, axis)
            before[(0,) if axis == 0 else (slice(None), 0)] = np.nan
            out = (1 - part) * out + part * before
    return out
