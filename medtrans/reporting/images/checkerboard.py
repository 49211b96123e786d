"""Checkerboard of two images that were aligned: squares of one and of the other in turn, in three planes."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from medtrans.core.volume import Volume
from medtrans.preparing.geometry import orient
from medtrans.preparing.patches import PLANES

SQUARE_MM = 24.0
WINDOW = 1.0, 99.0
"""Percentiles of the values above the lowest that become black and white."""
WIDTH_INCHES, ROW_INCHES, DOTS_PER_INCH = 9.0, 3.2, 110
"""Size of the picture, and of a row of it."""


def checkerboard(fixed: Volume, others: Mapping[str, Volume]) -> bytes:
    """PNG: a row for each of the others (label → volume on the grid of `fixed`); axial, coronal, sagittal."""
    figure = Figure(figsize=(WIDTH_INCHES, ROW_INCHES * len(others)), dpi=DOTS_PER_INCH, facecolor="black")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(others), len(PLANES), squeeze=False)
    one = orient(fixed, "RAS")[0]
    for row, (label, other) in zip(axes, others.items(), strict=True):
        mixed = _mixed(_grey(one), _grey(orient(other, "RAS")[0]), one.spacing)
        for axis, (place, (name, along)) in enumerate(zip(row, PLANES.items(), strict=True)):
            picture = np.take(mixed, mixed.shape[along] // 2, along).T
            across, up = (one.spacing[each] for each in range(3) if each != along)
            place.imshow(picture, cmap="gray", vmin=0, vmax=1, origin="lower", aspect=up / across)
            place.set_axis_off()
            place.set_title(f"{label}, {name}" if axis == 0 else name, color="white", fontsize=10)
    figure.tight_layout()
    data = io.BytesIO()
    figure.savefig(data, format="png", facecolor="black")
    return data.getvalue()


def _grey(volume: Volume) -> np.ndarray:
    """Values (i, j, k) from 0 to 1."""
    voxels = volume.voxels[0].astype(np.float32)
    low, high = np.percentile(voxels[voxels > voxels.min()] if np.ptp(voxels) else voxels, WINDOW)
    return np.clip((voxels - low) / max(high - low, 1e-6), 0, 1)


def _mixed(one: np.ndarray, other: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    squares = [np.arange(side) * size // SQUARE_MM for side, size in zip(one.shape, spacing, strict=True)]
    odd = np.add.outer(np.add.outer(*squares[:2]), squares[2]) % 2 == 1
    return np.where(odd, other, one)
