"""What a person should know about volumes before trusting anything made from them. Never raises on bad input."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from medtrans.core.case import Case
from medtrans.core.errors import MedtransError
from medtrans.core.volume import Volume
from medtrans.reading.files import read_volume

Severity = Literal["refuse", "warn", "note"]
SMALLEST_SPACING, LARGEST_SPACING = 0.05, 20.0


@dataclass(frozen=True)
class Finding:
    """`refuse` stops a run, `warn` should be looked at, `note` is good to know."""

    where: str
    severity: Severity
    what: str
    advice: str = ""


def check_volume(path: Path) -> list[Finding]:
    """What is wrong with one file; whether it is in HU only where its name ends with CT, such as p01_CT.nii.gz."""
    volume, found = _read(path)
    ends = re.split(r"[_-]", path.name.partition(".")[0])[-1].lower() == "ct"
    return [*found, *_units(path, volume)] if volume is not None and ends else found


def check_cases(cases: Iterable[Case]) -> list[Finding]:
    """What is wrong with each file of each case, and with their grids against each other."""
    return [finding for case in cases for finding in _check_case(case)]


def check_masks(cases: Sequence[Case], *, scored_within: bool) -> list[Finding]:
    """Cases without a mask file where others have one, or where scores are taken `scored_within` masks."""
    if not scored_within and not any(case.mask for case in cases):
        return []
    return [_without_mask(case, scored_within) for case in cases if case.mask is None]


def _without_mask(case: Case, scored_within: bool) -> Finding:
    scored = scored_within and bool(case.targets)
    if scored and case.split == "validation" and case.sources:
        what = "has no mask file, and evaluating.within is mask: it cannot choose the best model"
        return Finding(case.name, "refuse", what, "give it one, or set evaluating.within: body")
    if scored and case.split == "test":
        what = "has no mask file, and evaluating.within is mask: it will not be assessed"
        return Finding(case.name, "warn", what, "give it one, or set evaluating.within: body")
    return Finding(case.name, "warn", "has no mask file: the body found in it counts", "is it missing?")


def judge(volume: Volume, where: str) -> list[Finding]:
    """What is wrong with a volume in memory."""
    found = [Finding(where, *wrong) for wrong in _values(volume.voxels)]
    if np.linalg.det(volume.affine[:3, :3]) < 0:
        found.append(Finding(where, "note", f"its axes are left-handed ({volume.orientation})", "that is legal; kept"))
    if min(volume.spacing) < SMALLEST_SPACING or max(volume.spacing) > LARGEST_SPACING:
        size = " × ".join(f"{mm:.3g}" for mm in volume.spacing)
        found.append(Finding(where, "warn", f"its voxels measure {size} mm", "is the header in millimetres?"))
    return found


def _values(voxels: np.ndarray) -> list[tuple[Severity, str, str]]:
    if voxels.size == 0:
        return [("refuse", "it is empty", "check the export")]
    if voxels.dtype.kind == "f":
        bad = int(voxels.size - np.isfinite(voxels).sum())
        if bad:
            return [("refuse", f"{bad} of {voxels.size} voxels are nan or infinite", "mend the export or mask them")]
    constant = [channel for channel, part in enumerate(voxels) if part.min() == part.max()]
    if constant:
        which = "it" if len(voxels) == 1 else f"channel {constant[0]}"
        return [("refuse", f"{which} is constant ({voxels[constant[0]].flat[0]:g} everywhere)", "check the export")]
    return []


def _read(path: Path) -> tuple[Volume | None, list[Finding]]:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            volume = read_volume(path)
        except MedtransError as reason:
            return None, [Finding(reason.where, "refuse", reason.what, reason.advice)]
    heard = [Finding(str(path), "warn", str(w.message).removeprefix(f"{path}: ")) for w in said]
    return volume, heard + judge(volume, str(path))


def _check_case(case: Case) -> list[Finding]:
    found: list[Finding] = []
    first: tuple[Path, Volume] | None = None
    files = [*case.sources, *case.targets, *([case.mask] if case.mask else [])]
    for path in files:
        volume, findings = _read(path)
        found += findings
        if volume is None:
            continue
        if path in (*case.sources, *case.targets):
            found += _units(path, volume)
        if first and not first[1].shares_grid_with(volume):
            grids = f"{first[1].shape} {first[1].orientation} and {volume.shape} {volume.orientation}"
            what = f"lies on another grid than {first[0].name} ({grids})"
            found.append(Finding(str(path), "refuse", what, "register or resample it first"))
        first = first or (path, volume)
    return found


def _units(path: Path, volume: Volume) -> list[Finding]:
    """A file that calls itself CT should be in HU: air about -1000, bone below 4000."""
    if "ct" not in {part.lower() for part in path.name.replace(".", "_").replace("-", "_").split("_")}:
        return []
    low, high = float(volume.voxels.min()), float(volume.voxels.max())
    if low > -200 or high > 20000:
        return [Finding(str(path), "warn", f"is named CT but spans {low:g} … {high:g}", "is it in HU, air at -1000?")]
    return []
