"""The volumes of a pictured case, small enough to travel in the page: what its viewer looks through.

Cut to the body and its margin; whole voxels averaged in blocks until few enough are left; values rounded to steps of
1 HU, or of a five-hundredth of the grey window. The difference is not sent: the viewer subtracts.
"""

from __future__ import annotations

import base64
import gzip
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from medtrans.core.volume import Volume
from medtrans.reading.formats.nifti import encode_nifti
from medtrans.reporting.images.case_images import Window
from medtrans.reporting.images.layers import Layers
from medtrans.reporting.images.slices import MARGIN

MOST = 1_000_000
"""Voxels of one volume."""
TOGETHER = 9_000_000
"""Voxels of all volumes of a page: three cases of three volumes, about 12 MB where they are noisy."""
STEPS = 500
"""A grey window without a unit is cut into about so many."""
NOTHING = -(1 << 15)
"""What stands for nan."""
HIGHEST = 1 << 14
"""Steps that a value may have, so that a difference of two still fits."""


@dataclass(frozen=True)
class Packed:
    """One case for the viewer: `data` is JSON-able, `words` says what was done to the volumes."""

    data: dict[str, Any]
    words: str


def pack_for_viewer(drawn: Layers, most: int = MOST) -> Packed | None:
    """At most `most` voxels per volume; None where there is but one slice to look at."""
    views = drawn.views()
    if not views or min(drawn.body.shape) < 2:
        return None
    box = tuple(slice(*ends) for ends in views[0].box)
    factors = _factors(drawn.body[box].shape, drawn.spacing, most)
    place = _place(drawn.affine, [ends.start for ends in box], factors)
    found, steps, cut = [], dict[str, float](), False
    for role, voxels in drawn.voxels.items():
        windows = drawn.windows[role]
        if role == "difference":
            found.append(_layer(role, windows, steps["target"]))
            continue
        small = _blocks(voxels[box], factors)
        shared = steps.get("target") if role == "translated" else None
        steps[role] = shared or _step(windows[0])
        cut = cut or bool((np.abs(small) > HIGHEST * steps[role]).any())
        found.append(_layer(role, windows, steps[role]) | {"data": _encoded(small, place, steps[role])})
    inside = (_blocks(drawn.body[box], factors) >= 0.5).astype(np.float32)
    found.append(_layer("mask", (Window("Mask", 0, 1),), 1) | {"data": _encoded(inside, place, 1)})
    for role, numbers in drawn.structures.items():
        window = Window("Structures", 0, len(drawn.classes))
        layer = _layer(f"{role}_structures", (window,), 1) | {"classes": list(drawn.classes)}
        found.append(layer | {"data": _encoded(_middles(numbers[box], factors), place, 1)})
    words = _words(factors, drawn.windows["translated"][0].unit, steps["translated"], cut)
    return Packed({"layers": found}, words)


def room(cases: int) -> int:
    """Voxels for each volume where a page shows so many cases."""
    return min(MOST, TOGETHER // (3 * max(cases, 1)))


def _factors(shape: tuple[int, ...], spacing: tuple[float, float, float], most: int) -> tuple[int, int, int]:
    """Voxels averaged along each axis: the finest axis first, so that blocks grow towards cubes."""
    factors = [1, 1, 1]
    while math.prod(n // f for n, f in zip(shape, factors, strict=True)) > most:
        able = [axis for axis in range(3) if shape[axis] // (factors[axis] + 1) > 1]
        factors[min(able, key=lambda axis: spacing[axis] * factors[axis])] += 1
    return factors[0], factors[1], factors[2]


def _blocks(voxels: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """Means of whole blocks; what is left over at the far end is cut."""
    i, j, k = (n // f for n, f in zip(voxels.shape, factors, strict=True))
    a, b, c = factors
    whole = voxels[: i * a, : j * b, : k * c].astype(np.float32)
    return np.asarray(whole.reshape(i, a, j, b, k, c).mean(axis=(1, 3, 5)))


def _middles(numbers: np.ndarray, factors: tuple[int, int, int]) -> np.ndarray:
    """The middle voxel of each block of `_blocks`: numbers have no mean."""
    ends = [n // f * f for n, f in zip(numbers.shape, factors, strict=True)]
    picked = tuple(slice(f // 2, end, f) for f, end in zip(factors, ends, strict=True))
    return numbers[picked].astype(np.float32)


def _place(affine: np.ndarray, start: list[int], factors: tuple[int, int, int]) -> np.ndarray:
    """The affine of the blocks: their centres lie between voxels."""
    grid = np.diag([*factors, 1.0])
    grid[:3, 3] = [first + (factor - 1) / 2 for first, factor in zip(start, factors, strict=True)]
    return affine @ grid


def _step(window: Window) -> float:
    """1 HU; else a five-hundredth of the window, to one digit."""
    width = window.high - window.low
    return 1.0 if window.unit == "HU" else float(f"{width / STEPS:.0e}") if width > 0 else 1.0


def _encoded(voxels: np.ndarray, place: np.ndarray, step: float) -> str:
    """A NIfTI of whole steps, packed, in base 64."""
    steps = np.rint(np.clip(voxels / step, -HIGHEST, HIGHEST))
    whole = np.where(np.isnan(steps), NOTHING, steps).astype(np.int16)
    raw = encode_nifti(Volume(whole[None], place), packed=False)
    return base64.b64encode(gzip.compress(raw, 6, mtime=0)).decode()


def _layer(role: str, windows: tuple[Window, ...], step: float) -> dict[str, Any]:
    ends = [[window.low, max(window.high, window.low + step)] for window in windows]
    names = [f"{window.name} {window.words}" for window in windows]
    return {"role": role, "unit": windows[0].unit, "step": step, "windows": ends, "names": names}


def _words(factors: tuple[int, int, int], unit: str, step: float, cut: bool) -> str:
    blocks = " × ".join(map(str, factors))
    told = [f"cut to the body and {MARGIN:g} mm around it"]
    if max(factors) > 1:
        told.append(f"each voxel the mean of {blocks} of the case's own")
    told.append(f"values rounded to {step:g} {unit}" + (f" and cut at ±{HIGHEST * step:g}" if cut else ""))
    return f"In the viewer: {', '.join(told)}".rstrip(".") + "."
