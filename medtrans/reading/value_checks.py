"""Checks of the voxels and the grid of a volume in memory, whatever its modality."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from medtrans.core.finding import Finding, Severity
from medtrans.core.volume import Volume
from medtrans.core.voxel_statistics import blocks, count, finite_range, sample

SMALLEST_SPACING_MM, LARGEST_SPACING_MM = 0.05, 20.0
IMPOSSIBLE_SPACING_MM = (1e-3, 1e3)
"""Beyond these, no volume of a patient can be meant."""
FARTHEST_MM = 5000.0
"""Largest plausible distance of a corner from the origin of space."""
LARGEST_VALUE = float(np.finfo(np.float32).max)
"""Largest value with which anything can be computed: volumes are translated as float32."""
USUAL_MAGNITUDE = (1e-12, 1e12)
"""The highest value of an image of any unit lies between."""
LARGEST_EXACT_INTEGER = 1 << 53
"""Integers beyond are rounded in 64 bits."""
CONSEQUENCES = {"odd-slope": "odd-magnitude", "no-place-in-space": "left-handed-axes"}
"""Findings of the reader, and what follows from them."""
ISOLATED, ISOLATED_LIMIT = 20.0, 5.0
"""Distance from the nearest other value to one that no tissue has, in ranges of the other values (quantiles .005 to
.995); the second for the lowest and highest number of an integer type, which conversions leave behind."""


def check_values(volume: Volume, where: str) -> list[Finding]:
    """Findings on the voxels and the grid of a volume in memory, without those that follow from the reader's."""
    known = {CONSEQUENCES[finding.code] for finding in volume.findings if finding.code in CONSEQUENCES}
    found = [*_check_voxels(volume.voxels, where), *_check_grid(volume, where)]
    return [finding for finding in found if finding.code not in known]


def check_declared(volume: Volume, declared: str, where: str) -> list[Finding]:
    """A finding that refuses a volume whose header names another modality than the declared one."""
    named = volume.origin.modality if volume.origin else ""
    if named in ("", declared):
        return []
    return [
        Finding(
            code="other-modality",
            severity="refuse",
            where=where,
            what=f"is {named} by its header, but {declared} is expected",
            consequence="a result from an image of another kind is wrong",
            advice=f"give {declared}, or a recipe or model for {named}",
        )
    ]


def _check_voxels(voxels: np.ndarray, where: str) -> list[Finding]:
    if voxels.size == 0:
        return [_found("empty-volume", "refuse", where, "it has no voxels", "", "check the export")]
    if sum(side > 1 for side in voxels.shape[1:]) < 2 < voxels.size:
        what = f"its voxels lie on one line ({' × '.join(map(str, voxels.shape[1:]))})"
        return [_found("one-dimensional", "refuse", where, what, "", "give an image of two or three dimensions")]
    low, high = finite_range(voxels)
    bad = voxels.size - sum(block.size for block in blocks(voxels)) if voxels.dtype.kind == "f" else 0
    if bad:
        what, advice = (
            f"{bad} of {voxels.size} voxels are nan or infinite",
            "correct the export or replace these voxels",
        )
        return [_found("not-finite", "refuse", where, what, "", advice, count=bad)]
    largest = max(-low, high)
    if largest > LARGEST_VALUE:
        what = f"its values reach {largest:.3g}, more than 32-bit numbers can hold"
        return [_found("too-large", "refuse", where, what, "", "check the export", largest=largest)]
    for channel, part in enumerate(voxels):
        if part.min() == part.max():
            which, value = "it" if len(voxels) == 1 else f"channel {channel}", float(part.flat[0])
            what = f"{which} is constant ({value:g} everywhere)"
            return [
                _found("constant-volume", "refuse", where, what, "", "check the export", channel=channel, value=value)
            ]
    return _check_extremes(voxels, where, low, high)


def _check_extremes(voxels: np.ndarray, where: str, low: float, high: float) -> list[Finding]:
    """The first doubt about the lowest and highest values."""
    largest = max(-low, high)
    if voxels.dtype.kind in "iu" and largest > LARGEST_EXACT_INTEGER:
        what = f"its integers reach {largest:.6g}, beyond 2^53"
        meaning = "they are rounded in computations, so that neighbouring values become equal"
        return [_found("inexact-integers", "warn", where, what, meaning, "check the export; write float32 or int16")]
    values = np.sort(sample(voxels))
    # Many voxels may have the lowest or the highest value.
    values = inner if (inner := values[(values > low) & (values < high)]).size else values
    first, last = values[int(0.005 * (len(values) - 1))], values[int(np.ceil(0.995 * (len(values) - 1)))]
    if found := _check_isolated(voxels, where, (low, high), (float(first), float(last))):
        return found
    if not USUAL_MAGNITUDE[0] < largest < USUAL_MAGNITUDE[1]:
        what = f"its values reach {largest:.3g}"
        meaning = "no unit gives such numbers, and squares of them leave the range of 32 bits"
        return [_found("odd-magnitude", "warn", where, what, meaning, "check its unit and scl_slope", largest=largest)]
    return []


def _check_isolated(
    voxels: np.ndarray, where: str, ends: tuple[float, float], usual: tuple[float, float]
) -> list[Finding]:
    """A lowest or highest value that lies far from all others: padding, overflow, a damaged voxel."""
    span = usual[1] - usual[0]
    for end, near, rest in ((ends[0], usual[0], np.greater), (ends[1], usual[1], np.less)):
        limit = _is_limit(voxels.dtype, end)
        least = (ISOLATED_LIMIT if limit else ISOLATED) * span
        if span <= 0 or abs(end - near) <= least:
            continue
        others = [block[rest(block, end)] for block in blocks(voxels)]
        nearest = min(
            abs(float(end) - float(edge)) for part in others if part.size for edge in (part.min(), part.max())
        )
        if nearest <= least:
            continue
        number = count(voxels, partial(np.equal, end))
        kind = f", the {'lowest' if end < near else 'highest'} number of {voxels.dtype}" if limit else ""
        what = f"{number} of {voxels.size} voxels are {end:g}{kind}, far from all others ({usual[0]:g} … {usual[1]:g})"
        meaning = "no tissue has such a value: it is padding, an overflow or damage, and changes means and scales"
        advice = "replace these voxels by the value of the background"
        return [_found("isolated-values", "warn", where, what, meaning, advice, count=number, value=end)]
    return []


def _is_limit(kind: np.dtype, value: float) -> bool:
    """Whether a value is the lowest below 0, or the highest, of an integer type."""
    if kind.kind not in "iu":
        return False
    limits = np.iinfo(kind)
    return value == limits.max or value == limits.min < 0


def _check_grid(volume: Volume, where: str) -> list[Finding]:
    sides, findings = " × ".join(f"{side:.3g}" for side in volume.spacing), []
    least, most = min(volume.spacing), max(volume.spacing)
    numbers = {"spacing_mm": list(volume.spacing)}
    if np.linalg.det(volume.affine[:3, :3]) < 0:
        what = f"its axes are left-handed ({volume.orientation})"
        findings.append(_found("left-handed-axes", "note", where, what, "this is valid and is kept"))
    if least < IMPOSSIBLE_SPACING_MM[0] or most > IMPOSSIBLE_SPACING_MM[1]:
        what, advice = f"its voxels measure {sides} mm", "correct the header, which should be in millimetres"
        findings.append(_found("impossible-spacing", "refuse", where, what, "", advice, **numbers))
    elif least < SMALLEST_SPACING_MM or most > LARGEST_SPACING_MM:
        what, meaning = f"its voxels measure {sides} mm", "settings in millimetres would mean something else"
        if least >= SMALLEST_SPACING_MM and np.median(volume.spacing) <= LARGEST_SPACING_MM / 2:
            meaning = "the anatomy between the slices is unknown, and what lies there is invented"
        advice = "check that the header is in millimetres"
        findings.append(_found("implausible-spacing", "warn", where, what, meaning, advice, **numbers))
    far = max(np.abs(volume.affine[:3, 3]).max(), np.abs((volume.affine @ [*volume.shape, 1])[:3]).max())
    if far > FARTHEST_MM and most <= LARGEST_SPACING_MM:
        what, meaning = (
            f"lies {far / 1000:.3g} m from the origin of space",
            "its position is wrong, or the header damaged",
        )
        findings.append(_found("far-away", "warn", where, what, meaning, "compare its position with its source"))
    return findings


def _found(
    code: str, severity: Severity, where: str, what: str, consequence: str = "", advice: str = "", **numbers: Any
) -> Finding:
    return Finding(
        code=code, severity=severity, where=where, what=what, consequence=consequence, advice=advice, numbers=numbers
    )
