"""Checks of volumes and cases before any result is made of them. Bad input gives findings and never raises."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from medtrans.core.case import Case
from medtrans.core.errors import EnvironmentRefused, InputRefused, MedtransError
from medtrans.core.finding import Finding
from medtrans.core.modality import check_undeclared, find_modality
from medtrans.core.volume import Volume
from medtrans.reading.fills import filled_target
from medtrans.reading.grids import compare_grids
from medtrans.reading.memory import memory_errors
from medtrans.reading.padding import without_padding
from medtrans.reading.settings import ReadingSettings
from medtrans.reading.value_checks import check_declared, check_values
from medtrans.reading.volumes import read_mask, read_volume, refuse_empty_mask

ENVIRONMENT = "environment"
"""Code of findings on files that could not be read for want of memory or permission."""
BODY_INSTEAD = "give it a mask, or set evaluating.region: body"


def check_volume(path: Path, modality: str | None = None) -> list[Finding]:
    """Findings on one volume: its file, header and values; with a modality also whether its values are plausible."""
    return _read(path, modality, one_channel=True)[1]


def check_cases(cases: Iterable[Case], settings: ReadingSettings, *, aligned: bool = True) -> list[Finding]:
    """Findings on each file of each case, and on its grid beside that of the case's first file.

    Targets that are not yet `aligned` may lie on another one.
    """
    return [finding for case in cases for finding in _check_case(case, settings, aligned)]


def check_masks(cases: Sequence[Case], *, scored_in_mask: bool) -> list[Finding]:
    """Cases without a mask where others have one, or where scores are taken inside masks (`scored_in_mask`)."""
    if not scored_in_mask and not any(case.mask for case in cases):
        return []
    return [_without_mask(case, scored_in_mask) for case in cases if case.mask is None]


def _read(path: Path, modality: str | None, *, one_channel: bool = False) -> tuple[Volume | None, list[Finding]]:
    """The volume, None where it cannot be read, and all findings that need no other volume."""
    kind = find_modality(modality) if modality is not None else None
    try:
        with memory_errors(path):
            volume = read_volume(path)
            findings = [*volume.findings, *check_values(volume, str(path))]
            findings += check_declared(volume, modality, str(path)) if modality is not None else []
            findings += _several_volumes(path, volume) if one_channel else []
            if not any(finding.severity == "refuse" for finding in findings):
                voxels = volume.voxels
                findings += kind.check(voxels, str(path)) if kind else check_undeclared(voxels, str(path))
    except MedtransError as reason:
        return None, [unreadable(reason)]
    return volume, findings


def unreadable(reason: MedtransError) -> Finding:
    """The finding that an error of one file becomes where the other files are checked all the same."""
    code = ENVIRONMENT if isinstance(reason, EnvironmentRefused) else reason.code or "unreadable"
    return Finding(code=code, severity="refuse", where=reason.where, what=reason.what, advice=reason.advice)


def refusal(findings: Iterable[Finding]) -> type[MedtransError]:
    """The class of the error where all is refused: of the environment only where every finding is."""
    codes = {finding.code for finding in findings if finding.severity == "refuse"}
    return EnvironmentRefused if codes == {ENVIRONMENT} else InputRefused


def _several_volumes(path: Path, volume: Volume) -> list[Finding]:
    if volume.channels == 1:
        return []
    what = f"holds {volume.channels} volumes (time points, echoes, directions or vectors)"
    meaning = "a model translates one volume of each contrast"
    advice = "write the one you need to a file of its own, or their mean"
    return [
        Finding(
            code="several-volumes", severity="refuse", where=str(path), what=what, consequence=meaning, advice=advice
        )
    ]


def _check_case(case: Case, settings: ReadingSettings, aligned: bool) -> list[Finding]:
    mask, of_mask = _read_mask(case)
    targets = [(path, settings.target_modality) for path in case.targets]
    findings: list[Finding] = []
    first: tuple[Path, Volume] | None = None
    for path, modality in [*((path, settings.source_modality) for path in case.sources), *targets]:
        volume, found = _read(path, modality)
        findings += found
        if volume is None:
            continue
        if first and path in case.targets and not aligned:
            continue
        if first and not first[1].shares_grid_with(volume):
            findings.append(_other_grid(path, volume, *first))
        elif path in case.targets:
            of_mask += _check_target(volume, mask, modality, str(case.mask or path))
        first = first or (path, volume)
    if case.mask and mask and first and not first[1].shares_grid_with(mask):
        of_mask.append(_other_grid(case.mask, mask, *first))
    return [*findings, *of_mask]


def _check_target(volume: Volume, mask: Volume | None, modality: str, where: str) -> list[Finding]:
    """What fills a target in its mask; without a mask, padding anywhere, which the body may reach into."""
    if mask is None:
        findings = without_padding(volume, np.ones(volume.shape, bool), modality, where)[1]
        return [replace(one, severity="note", advice="") for one in findings if one.code == "padding"]
    if not mask.shares_grid_with(volume):
        return []
    inside, padding = without_padding(volume, mask.voxels[0] > 0, modality, where)
    return padding + (filled_target(volume, inside, modality, where) if inside.any() else [])


def _read_mask(case: Case) -> tuple[Volume | None, list[Finding]]:
    """The mask of a case, None where it has none that can be used, and findings on it alone."""
    if case.mask is None:
        return None, []
    try:
        with memory_errors(case.mask):
            mask = read_mask(case.mask, case.mask_label)
            refuse_empty_mask(mask, str(case.mask))
    except MedtransError as reason:
        return None, [unreadable(reason)]
    return mask, list(mask.findings)


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
