"""Volumes of one case for the viewer in the page, reduced in size.

Cropped to the body and its margin; averaged in blocks until few enough voxels are left; quantised to steps of 1 where
the modality has integer values (CT in HU), else to 1/500 of the display window. The difference is not stored: the
viewer computes it.
"""

from __future__ import annotations

import base64
import gzip
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtrans.core.modality import DisplayWindow, Modality
from medtrans.core.score import TRANSLATED
from medtrans.core.volume import Volume
from medtrans.reading.formats.nifti import encode_nifti
from medtrans.reporting.images.layers import Layers
from medtrans.reporting.images.slices import MARGIN_MM
from medtrans.reporting.images.windows import range_text

MAX_VOXELS = 1_000_000
"""Of one volume."""
MAX_VOXELS_PER_PAGE = 9_000_000
"""Of all volumes: three cases of three volumes, about 12 MB where the images are noisy."""
STEPS_PER_WINDOW = 500
NAN_STEP = -(1 << 15)
"""Stored value of nan."""
MAP_PERCENTILE = 99
"""Of the values in the body: the end of the window of a map."""
MAX_STEP = 1 << 14
"""Largest stored value, so that the difference of two fits into 16 bits."""


@dataclass(frozen=True)
class PackedVolumes:
    """One case for the viewer: `data` is JSON-able, `text` describes the reduction."""

    data: dict[str, Any]
    text: str


def pack_for_viewer(layers: Layers, max_voxels: int = MAX_VOXELS) -> PackedVolumes | None:
    """At most `max_voxels` voxels per volume; None for a line of voxels, which is no image."""
    views = layers.views()
    if not views:
        return None
    box = tuple(slice(*ends) for ends in views[0].box)
    factors = _factors(layers.body[box].shape, layers.spacing, max_voxels)
    affine = _block_affine(layers.affine, [ends.start for ends in box], factors)
    packed, steps, clipped = [], dict[str, float](), False
    for role, voxels in layers.voxels.items():
        windows, unit = layers.windows[role], layers.unit(role)
        if role == "difference":
            packed.append(_layer(role, windows, unit, steps["target"]))
            continue
        blocks = _block_means(voxels[box], factors)
        shared = steps.get("target") if role.startswith(TRANSLATED) else None
        steps[role] = shared or _step(windows[0], layers.modalities[role])
        clipped = clipped or bool((np.abs(blocks) > MAX_STEP * steps[role]).any())
        packed.append(_layer(role, windows, unit, steps[role]) | {"data": _encoded(blocks, affine, steps[role])})
    packed += _label_layers(layers, box, factors, affine)
    packed += _map_layers(layers, box, factors, affine)
    made = next(role for role in steps if role.startswith(TRANSLATED))
    text = _text(factors, layers.unit(made), steps[made], clipped)
    return PackedVolumes({"layers": packed}, text)


def max_voxels_for(cases: int, maps: int = 0) -> int:
    """Voxels of each volume of a page with that many cases, which have up to so many maps."""
    return min(MAX_VOXELS, MAX_VOXELS_PER_PAGE // ((3 + maps) * max(cases, 1)))


def _label_layers(
    layers: Layers, box: tuple[slice, ...], factors: tuple[int, int, int], affine: np.ndarray
) -> list[dict[str, Any]]:
    """The body mask and the label maps."""
    body = (_block_means(layers.body[box], factors) >= 0.5).astype(np.float32)
    packed = [_layer("mask", (DisplayWindow("Mask", 0, 1),), "", 1) | {"data": _encoded(body, affine, 1)}]
    for role, labels in layers.structures.items():
        window = DisplayWindow("Structures", 0, len(layers.classes))
        layer = _layer(f"{role}_structures", (window,), "", 1) | {"classes": list(layers.classes)}
        packed.append(layer | {"data": _encoded(_block_centres(labels[box], factors), affine, 1)})
    return packed


def _map_layers(
    layers: Layers, box: tuple[slice, ...], factors: tuple[int, int, int], affine: np.ndarray
) -> list[dict[str, Any]]:
    """Maps from 0 to the 99th percentile in the body."""
    packed = []
    for name, voxels in layers.maps.items():
        window = DisplayWindow(name, 0, float(f"{np.nanpercentile(voxels[layers.body], MAP_PERCENTILE):.3g}") or 1.0)
        step = float(f"{window.high / STEPS_PER_WINDOW:.0e}")
        layer = _layer(f"map_{name}", (window,), "", step) | {"map": f"Map: {name.replace('_', ' ')}"}
        packed.append(layer | {"data": _encoded(_block_means(voxels[box], factors), affine, step)})
    return packed


def _factors(shape: tuple[int, ...], spacing: tuple[float, float, float], max_voxels: int) -> tuple[int, int, int]:
    """Block size along each axis: the axis of the finest spacing first, so that blocks become nearly cubic."""
    factors = [1, 1, 1]
    while math.prod(n // f for n, f in zip(shape, factors, strict=True)) > max_voxels:
        divisible = [axis for axis in range(3) if shape[axis] // (factors[axis] + 1) > 1]
        factors[min(divisible, key=lambda axis: spacing[axis] * factors[axis])] += 1
    return factors[0], factors[1], factors[2]


def _block_means(voxels: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """Means of complete blocks; an incomplete block at the far end is cropped."""
    i, j, k = (n // f for n, f in zip(voxels.shape, factors, strict=True))
    a, b, c = factors
    complete = voxels[: i * a, : j * b, : k * c].astype(np.float32)
    return np.asarray(complete.reshape(i, a, j, b, k, c).mean(axis=(1, 3, 5)))


def _block_centres(labels: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """The centre voxel of each block: labels cannot be averaged."""
    ends = [n // f * f for n, f in zip(labels.shape, factors, strict=True)]
    centres = tuple(slice(f // 2, end, f) for f, end in zip(factors, ends, strict=True))
    return labels[centres].astype(np.float32)


def _block_affine(affine: np.ndarray, start: list[int], factors: tuple[int, int, int]) -> np.ndarray:
    """Affine of the blocks, whose centres lie between voxels."""
    grid = np.diag([*factors, 1.0])
    grid[:3, 3] = [first + (factor - 1) / 2 for first, factor in zip(start, factors, strict=True)]
    return affine @ grid


def _step(window: DisplayWindow, modality: Modality) -> float:
    """1 for integer values; else 1/500 of the window, to one digit."""
    if np.dtype(modality.dtype).kind in "iu":
        return 1.0
    width = window.high - window.low
    return float(f"{width / STEPS_PER_WINDOW:.0e}") if width > 0 else 1.0


def _encoded(voxels: np.ndarray, affine: np.ndarray, step: float) -> str:
    """A NIfTI of integer steps, compressed, in base 64."""
    steps = np.rint(np.clip(voxels / step, -MAX_STEP, MAX_STEP))
    integers = np.where(np.isnan(steps), NAN_STEP, steps).astype(np.int16)
    raw = encode_nifti(Volume(integers[None], affine), compressed=False)
    return base64.b64encode(gzip.compress(raw, 6, mtime=0)).decode()


def _layer(role: str, windows: tuple[DisplayWindow, ...], unit: str, step: float) -> dict[str, Any]:
    ends = [[window.low, max(window.high, window.low + step)] for window in windows]
    names = [f"{window.name[:1].upper()}{window.name[1:]} {range_text(window, unit)}" for window in windows]
    return {"role": role, "unit": unit, "step": step, "windows": ends, "names": names}


def _text(factors: tuple[int, int, int], unit: str, step: float, clipped: bool) -> str:
    parts = [f"cropped to the body and a margin of {MARGIN_MM:g} mm"]
    if max(factors) > 1:
        parts.append(f"averaged in blocks of {' × '.join(map(str, factors))} voxels")
    parts.append(f"values rounded to {step:g} {unit}" + (f" and clipped to ±{MAX_STEP * step:g}" if clipped else ""))
    return f"Volumes in the viewer: {', '.join(parts)}".rstrip(".") + "."
