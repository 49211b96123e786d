"""Checks of volumes and cases before any result is made of them. Bad input gives findings and never raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from medtrans.core.case import Case
from medtrans.core.errors import MedtransError
from medtrans.core.finding import Finding
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.reading.grids import compare_grids
from medtrans.reading.settings import ReadingSettings
from medtrans.reading.volumes import read_volume

SMALLEST_SPACING_MM, LARGEST_SPACING_MM = 0.05, 20.0
LARGEST_VALUE = float(np.finfo(np.float32).max)
"""Largest value with which anything can be computed: volumes are translated as float32."""
BODY_INSTEAD = "give it a mask, or set evaluating.region: body"


def check_volume(path: Path, modality: str | None = None) -> list[Finding]:
    """Findings on one volume: its file, header and values; with a modality also whether its values are plausible."""
    return _read(path, modality)[1]


def check_cases(cases: Iterable[Case], settings: ReadingSettings) -> list[Finding]:
    """Findings on each file of each case, and on its grid beside that of the case's first file."""
    return [finding for case in cases for finding in _check_case(case, settings)]


def check_masks(cases: Sequence[Case], *, scored_in_mask: bool) -> list[Finding]:
    """Cases without a mask where others have one, or where scores are taken inside masks (`scored_in_mask`)."""
    if not scored_in_mask and not any(case.mask for case in cases):
        return []
    return [_without_mask(case, scored_in_mask) for case in cases if case.mask is None]


def check_values(volume: Volume, where: str) -> list[Finding]:
    """Findings on the voxels and the grid of a volume in memory."""
    findings = _check_voxels(volume.voxels, where)
    if np.linalg.det(volume.affine[:3, :3]) < 0:
        findings.append(
            Finding(
                code="left-handed-axes",
                severity="note",
                where=where,
                what=f"its axes are left-handed ({volume.orientation})",
                consequence="this is valid and is kept",
            )
        )
    if min(volume.spacing) < SMALLEST_SPACING_MM or max(volume.spacing) > LARGEST_SPACING_MM:
        findings.append(
            Finding(
                code="implausible-spacing",
                severity="warn",
                where=where,
                what=f"its voxels measure {' × '.join(f'{side:.3g}' for side in volume.spacing)} mm",
                consequence="settings in millimetres would mean something else",
                advice="check that the header is in millimetres",
                numbers={"spacing_mm": list(volume.spacing)},
            )
        )
    return findings


def _check_voxels(voxels: np.ndarray, where: str) -> list[Finding]:
    def refuse(code: str, what: str, advice: str, **numbers: float) -> list[Finding]:
        return [Finding(code=code, severity="refuse", where=where, what=what, advice=advice, numbers=numbers)]

    if voxels.size == 0:
        return refuse("empty-volume", "it has no voxels", "check the export")
    if voxels.dtype.kind == "f":
        bad = int(voxels.size - np.isfinite(voxels).sum())
        if bad:
            what = f"{bad} of {voxels.size} voxels are nan or infinite"
            return refuse("not-finite", what, "correct the export or replace these voxels", count=bad)
        largest = max(-float(voxels.min()), float(voxels.max()))
        if largest > LARGEST_VALUE:
            what = f"its values reach {largest:.3g}, more than 32-bit numbers can hold"
            return refuse("too-large", what, "check the export", largest=largest)
    constant = [channel for channel, part in enumerate(voxels) if part.min() == part.max()]
    if constant:
        which, value = "it" if len(voxels) == 1 else f"channel {constant[0]}", float(voxels[constant[0]].flat[0])
        what = f"{which} is constant ({value:g} everywhere)"
        return refuse("constant-volume", what, "check the export", channel=constant[0], value=value)
    return []


def _read(path: Path, modality: str | None) -> tuple[Volume | None, list[Finding]]:
    """The volume, None where it cannot be read, and all findings that need no other volume."""
    kind = find_modality(modality) if modality is not None else None
    try:
        volume = read_volume(path)
    except MedtransError as reason:
        where, what, advice = reason.where, reason.what, reason.advice
        return None, [Finding(code="unreadable", severity="refuse", where=where, what=what, advice=advice)]
    findings = [*volume.findings, *check_values(volume, str(path))]
    if kind is not None and not any(finding.severity == "refuse" for finding in findings):
        findings += kind.check(volume.voxels, str(path))
    return volume, findings


def _check_case(case: Case, settings: ReadingSettings) -> list[Finding]:
    roles: list[tuple[Path, str | None]] = [(path, settings.source_modality) for path in case.sources]
    roles += [(path, settings.target_modality) for path in case.targets]
    roles += [(case.mask, None)] if case.mask else []
    findings: list[Finding] = []
    first: tuple[Path, Volume] | None = None
    for path, modality in roles:
        volume, found = _read(path, modality)
        findings += found
        if volume is None:
            continue
        if first and not first[1].shares_grid_with(volume):
            findings.append(_other_grid(path, volume, *first))
        first = first or (path, volume)
    return findings


def _other_grid(path: Path, volume: Volume, other: Path, first: Volume) -> Finding:
    difference = compare_grids(first, volume)
    return Finding(
        code=difference.code,
        severity="refuse",
        where=str(path),
        what=f"is on another grid than {other.name} ({difference.what})",
        consequence="their voxels do not correspond",
        advice=difference.advice,
    )


def _without_mask(case: Case, scored_in_mask: bool) -> Finding:
    scored = scored_in_mask and bool(case.targets)
    what, setting = "has no mask", "evaluating.region is mask, so that it cannot"
    if scored and case.split == "validation" and case.sources:
        return Finding(
            code="missing-mask",
            severity="refuse",
            where=case.name,
            what=what,
            consequence=f"{setting} be scored to choose the best model",
            advice=BODY_INSTEAD,
        )
    tested = scored and case.split == "test"
    return Finding(
        code="missing-mask",
        severity="warn",
        where=case.name,
        what=what,
        consequence=f"{setting} be scored" if tested else "the body found in the image is used",
        advice=BODY_INSTEAD if tested else "check whether the file is missing",
    )
