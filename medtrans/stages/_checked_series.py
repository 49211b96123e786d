"""DICOM series of a folder or a zip, one by one: what they are, what can be done with each, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from medtrans.core.errors import MedtransError
from medtrans.core.finding import Finding
from medtrans.reading.checks import check_volume, unreadable
from medtrans.reading.formats._dicom_series import refuse_two_patients
from medtrans.reading.formats.dicom import MODALITIES
from medtrans.reading.series_tree import Series, as_folder
from medtrans.reading.volumes import read_grid

CODE = "dicom-series"
COLUMNS = ("number", "description", "modality", "files", "voxels", "spacing mm", "what can be done")


def check_series(found: Sequence[Series], given: Path, modality: str | None = None) -> list[Finding]:
    """Findings on each series; a note with code "dicom-series" says what can be done with it.

    Of several series in one folder those that cannot be read, such as localisers, do not refuse the others.
    """
    try:
        refuse_two_patients([header for one in found for header in one.headers], given)
        findings = []
    except MedtransError as reason:
        findings = [unreadable(reason)]
    numbers = [one.number for one in found]
    checked = []
    for one in found:
        wanted = one.number if numbers.count(one.number) == 1 else one.uid
        where = str(given) if len(found) == 1 else f"{given} --series {wanted}"
        checked.append(_check_one(one, where, modality))
    some_usable = any(all(finding.severity != "refuse" for finding in each) for each in checked)
    for finding in (finding for each in checked for finding in each):
        is_other = finding.severity == "refuse" and some_usable and len(found) > 1
        findings.append(replace(finding, severity="warn") if is_other else finding)
    return findings


def table_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """The rows of the table of series, from the notes."""
    return [dict(finding.numbers) for finding in findings if finding.code == CODE]


def _check_one(one: Series, where: str, modality: str | None) -> list[Finding]:
    with as_folder(one) as folder:
        findings = [replace(each, where=where) for each in check_volume(folder, modality)]
        refusal = next((each for each in findings if each.severity == "refuse"), None)
        shape, spacing = ("", "") if refusal else _size(folder)
    known = MODALITIES.get(one.modality, "")
    can = f"refused: {refusal.what}" if refusal else f"translate, by a model for {known or 'its kind of image'}"
    row = (one.number, one.description, one.modality, str(len(one.files)), shape, spacing, can)
    note = Finding(
        code=CODE,
        severity="note",
        where=where,
        what=f"is the series {one}",
        consequence=can,
        numbers={**dict(zip(COLUMNS, row, strict=True)), "uid": one.uid},
    )
    return [note, *findings]


def _size(folder: Path) -> tuple[str, str]:
    """Voxels and spacing in words."""
    shape, affine = read_grid(folder)
    sides = (affine[:3, :3] ** 2).sum(axis=0) ** 0.5
    return " × ".join(map(str, shape)), " × ".join(f"{side:.3g}" for side in sides)
