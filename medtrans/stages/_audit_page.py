"""Page of a lesion audit: verdicts, lesions, and the images of a few cases in the viewer."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import numpy as np

from medtrans.auditing.case_audit import TRANSLATED, ReadCase
from medtrans.auditing.detector import Detector
from medtrans.auditing.files import AuditedFiles
from medtrans.auditing.lesion_audit import read_case
from medtrans.auditing.lesion_tables import sentences
from medtrans.core.lesion import CaseAudit, LesionAudit
from medtrans.core.volume import Volume
from medtrans.reading.memory import memory_errors
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.lesion_report import lesion_report
from medtrans.reporting.page import render
from medtrans.reporting.provenance import provenance

CASES_WITH_IMAGES = 4
CLASSES = ("found", "missed", "not detectable", "invented", "also in the real image")
"""In the viewer; the first three are lesions of the real image."""
ANY_VALUES = "MR"
"""Modality of images whose modality is not declared: it has no fixed display windows and fits any values."""


def audit_page(
    found: LesionAudit,
    files: Mapping[str, AuditedFiles],
    detector: Detector,
    labels: tuple[int, ...],
    modalities: tuple[str | None, str | None],
) -> bytes:
    """The page; `modalities` of sources and translations, None where they are not declared. Raises as `read_case`."""
    images = []
    for case in displayed_cases(found):
        with memory_errors(case.case):
            read, source, _ = read_case(case.case, files[case.case], detector, labels)
            images.append(_images(case, read, source, modalities))
    title = f"Lesions in {len(found.cases)} translation{'s' if len(found.cases) > 1 else ''}"
    figures = sentences(found.summary)
    today = datetime.date.today().isoformat()
    return render(lesion_report(title, found, figures, images, date=today, provenance=provenance()))


def displayed_cases(found: LesionAudit) -> list[CaseAudit]:
    """Those with images: first where lesions of the largest volume are missed or invented, then those with lesions."""

    def wrong(case: CaseAudit) -> float:
        return sum(lesion.volume_mm3 for lesion in case.having("missed", "invented"))

    return sorted(found.cases, key=lambda case: (-wrong(case), -len(case.lesions)))[:CASES_WITH_IMAGES]


def _images(case: CaseAudit, read: ReadCase, source: Volume, modalities: tuple[str | None, str | None]) -> CaseImages:
    grid = read.translated
    return CaseImages(
        case.case,
        source,
        read.target,
        grid,
        source_modality=modalities[0] or ANY_VALUES,
        target_modality=modalities[1] or ANY_VALUES,
        structures={role: grid.like(numbers) for role, numbers in lesion_classes(case, read).items()},
        classes=CLASSES,
    )


def lesion_classes(case: CaseAudit, read: ReadCase) -> dict[str, np.ndarray]:
    """Image → the status of each voxel's lesion as the number of its class, 0 where there is none."""
    if read.reference is None:
        return {}
    of_lesions = [one for one in case.lesions if one.is_reference]
    real = np.zeros(len(read.reference) + 1, np.int16)
    made = np.zeros(len(read.read[TRANSLATED]) + 1, np.int16)
    for row, lesion in enumerate(of_lesions):
        real[row + 1] = CLASSES.index(lesion.status) + 1
        for number in read.matches[TRANSLATED].candidates_of(row):
            made[number + 1] = CLASSES.index("found") + 1
    extra = [one for one in case.lesions if not one.is_reference]
    for lesion, number in zip(extra, read.matches[TRANSLATED].false_positives, strict=True):
        made[number + 1] = CLASSES.index(lesion.status) + 1
    return {"target": real[read.reference.labels], "translated": made[read.read[TRANSLATED].labels]}
