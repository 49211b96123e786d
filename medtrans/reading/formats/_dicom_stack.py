"""Regular stack of the frames of a series: sorted by position, with one affine, or refused with what is irregular."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.reading.formats._dicom_frames import Frame
from medtrans.reading.grids import LPS_TO_RAS

SAME_DIRECTION = 1e-3
"""Largest difference of direction cosines of slices that are parallel."""
SAME_PLACE_MM = 1e-3
EVEN = 0.01
"""Largest deviation of the distance of two slices, as a share of the usual one."""
ROUNDING_MM = 0.015
"""Deviation that is allowed in any case: positions are often rounded to a hundredth."""
UPRIGHT_DEGREES = 0.1
"""Largest angle between the direction in which slices follow each other and that across them."""
SQUARE = 1e-3
"""Largest cosine between rows and columns."""


def stacked(frames: Sequence[Frame], path: Path) -> tuple[list[Frame], np.ndarray, list[Finding]]:
    """The frames in order, the affine (RAS) and what was noticed. Raises InputRefused."""
    order, findings = in_order(frames, path)
    first = order[0]
    normal = np.cross(first.rows_along, first.columns_along)
    step = normal * first.thickness
    if len(order) > 1:
        _refuse_tilt(order, path)
        _refuse_uneven(order, path)
        step = (order[-1].position - order[0].position) / (len(order) - 1)
    between_columns, between_rows = first.spacing
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = first.rows_along * between_columns, first.columns_along * between_rows
    affine[:3, 2], affine[:3, 3] = step, order[0].position
    return order, LPS_TO_RAS @ affine, findings


def in_order(frames: Sequence[Frame], path: Path) -> tuple[list[Frame], list[Finding]]:
    """Parallel slices of one size by their place, and what was noticed. Raises InputRefused."""
    frames, findings = _without_copies(frames, path)
    first = frames[0]
    _refuse_mixture(frames, path)
    if abs(float(first.rows_along @ first.columns_along)) > SQUARE:
        raise InputRefused(path, "its rows and columns are not at right angles", "export it again")
    normal = np.cross(first.rows_along, first.columns_along)
    order = sorted(frames, key=lambda frame: float(frame.position @ normal))
    together = np.count_nonzero(_distances(order) < SAME_PLACE_MM)
    if together:
        count = len(order) - together
        where = "at one place" if count == 1 else f"at {count} places"
        advice = "its positions were lost, or these are several images (echoes, times, b values): export one of them"
        raise InputRefused(path, f"its {len(order)} slices lie {where}", advice)
    return order, findings


def tilt_of(order: Sequence[Frame]) -> float:
    """Degrees between the direction in which slices follow each other and that across them."""
    normal = np.cross(order[0].rows_along, order[0].columns_along)
    shift = order[-1].position - order[0].position
    across = float(shift @ normal)
    return float(np.degrees(np.arctan2(np.linalg.norm(shift - across * normal), across)))


def refuse_missing(order: Sequence[Frame], path: Path) -> None:
    """Raises InputRefused where distances are multiples of the usual one; others may be interpolated."""
    distances = _distances(order)
    what = _missing(distances, float(np.median(distances)))
    if what:
        raise InputRefused(path, what, "export all slices of the series")


def _without_copies(frames: Sequence[Frame], path: Path) -> tuple[list[Frame], list[Finding]]:
    """Each instance once, with a finding where a file is there twice."""
    seen: dict[tuple[str, int], Frame] = {}
    for frame in frames:
        seen.setdefault((frame.header.text("SOPInstanceUID") or str(frame.header.path), frame.number), frame)
    copies = len(frames) - len(seen)
    if not copies:
        return list(frames), []
    finding = Finding(
        code="dicom-copies",
        severity="warn",
        where=str(path),
        what=f"{copies} of its {len(frames)} images are copies of others (the same instance)",
        consequence="each is read once",
        advice="remove the copies",
        numbers={"copies": copies},
    )
    return list(seen.values()), [finding]


def _refuse_mixture(frames: Sequence[Frame], path: Path) -> None:
    """Raises InputRefused where slices differ in direction, size or spacing."""
    first = frames[0]
    directions = np.array([[*frame.rows_along, *frame.columns_along] for frame in frames])
    others = np.abs(directions - directions[0]).max(axis=1) > SAME_DIRECTION
    if others.any():
        what = f"{np.count_nonzero(others)} of its {len(frames)} slices have another direction than the first"
        raise InputRefused(path, what, "give one stack of parallel slices: this may be a localiser")
    kinds = Counter((frame.size, tuple(round(mm, 4) for mm in frame.spacing)) for frame in frames)
    if len(kinds) > 1:
        (size, spacing), _ = kinds.most_common()[-1]
        what = f"a slice has {size[0]} x {size[1]} pixels of {spacing[0]:g} x {spacing[1]:g} mm, others have"
        sides = f"{first.size[0]} x {first.size[1]} of {first.spacing[0]:g} x {first.spacing[1]:g} mm"
        raise InputRefused(path, f"{what} {sides}", "give slices of one size")


def _distances(order: Sequence[Frame]) -> np.ndarray:
    """Mm from each slice to the next, across them."""
    normal = np.cross(order[0].rows_along, order[0].columns_along)
    return np.diff(np.array([frame.position for frame in order]) @ normal)


def _refuse_tilt(order: Sequence[Frame], path: Path) -> None:
    tilt = tilt_of(order)
    if tilt > UPRIGHT_DEGREES:
        what = f"its slices are shifted against each other: the gantry was tilted by {tilt:.1f}°"
        advice = "give --resample-tilt (translate, evaluate, align); for a recipe convert it before, as by dcm2niix"
        raise InputRefused(path, what, advice, "tilted-gantry")


def _refuse_uneven(order: Sequence[Frame], path: Path) -> None:
    """Raises InputRefused on distances that differ."""
    distances = _distances(order)
    usual = float(np.median(distances))
    if (np.abs(distances - usual) > _tolerance(usual)).any():
        apart = f"its slices are {distances.min():.2f} to {distances.max():.2f} mm apart, usually {usual:.2f} mm"
        raise InputRefused(path, _missing(distances, usual) or apart, "export all slices of the series")


def _tolerance(usual: float) -> float:
    """Mm by which a distance may differ from the usual one."""
    return max(EVEN * usual, min(ROUNDING_MM, usual / 10))


def _missing(distances: np.ndarray, usual: float) -> str:
    """What is missing, where the uneven distances are multiples of the usual one; else empty."""
    uneven = np.abs(distances - usual) > _tolerance(usual)
    multiples = distances / usual
    missing = np.rint(multiples[uneven]) - 1
    if not uneven.any() or not ((np.abs(multiples - np.rint(multiples)) < EVEN * 2).all() and (missing > 0).all()):
        return ""
    at = int(np.flatnonzero(uneven)[0]) + 1
    slices = "1 slice is" if missing.sum() == 1 else f"{int(missing.sum())} slices are"
    return f"{slices} missing, the first after slice {at} of {len(distances) + 1}"
