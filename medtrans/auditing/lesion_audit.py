"""Lesion audit of a set of cases: lesions that a translation removes or invents, by one detector and exact bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from medtrans.auditing.case_audit import (
    SOURCE,
    TARGET,
    TRANSLATED,
    ReadCase,
    candidates_of,
    lesion_dice,
    lesions_of,
)
from medtrans.auditing.components import MIN_MM3, MIN_VOXELS
from medtrans.auditing.contrast import SHELL_MM
from medtrans.auditing.controls import ControlLesions, control_row, controls_of
from medtrans.auditing.detector import Detector, lesion_mask, refuse_other_grid
from medtrans.auditing.files import AuditedFiles
from medtrans.auditing.lesion_summary import by_size, froc, summarise
from medtrans.auditing.lesion_verdicts import case_verdict, detector_verdict, set_verdicts
from medtrans.auditing.matching import MIN_IOU, STRICT_IOU
from medtrans.core.errors import MedtransError
from medtrans.core.finding import Finding, Verdict
from medtrans.core.lesion import CaseAudit, LesionAudit
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.volume import Volume
from medtrans.evaluating.failures import failure
from medtrans.evaluating.input_checks import refuse_not_finite, refuse_other_channels
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import subject_of
from medtrans.reading.volumes import read_volume

PENDING = Verdict(code="lesions", question="", outcome="not assessable", reason="not yet assessed")


@dataclass(frozen=True)
class _Collected:
    cases: list[CaseAudit] = field(default_factory=list)
    failed: dict[str, Finding] = field(default_factory=dict)
    controls: dict[str, list[ControlLesions]] = field(default_factory=dict)
    own_readings: list[bool] = field(default_factory=list)
    """For each case with lesions: whether its lesion mask is the detector's reading of the real image, bit for bit."""

    @property
    def has_own_reference(self) -> bool:
        """Whether that is so of all of them."""
        return bool(self.own_readings) and all(self.own_readings)


def audit_lesions(
    files: Mapping[str, AuditedFiles],
    detector: Detector,
    lesion_labels: tuple[int, ...] = (),
    *,
    failed: Mapping[str, Finding] | None = None,
    on_progress: ProgressCallback = no_progress,
) -> LesionAudit:
    """Audit every case; one that cannot be read is listed with its finding, and the others go on."""
    found = _Collected(failed=dict(failed or {}))
    for number, (name, paths) in enumerate(files.items()):
        on_progress("audit", name, number / len(files))
        try:
            with memory_errors(name):
                _add_case(name, paths, detector, lesion_labels, found)
        except MedtransError as error:
            found.failed[name] = failure(name, error)
    on_progress("audit", "", 1.0)
    any_files = next(iter(files.values()))
    with_truth = any_files.lesions is not None
    judged = detector_verdict(found.cases, with_truth=with_truth, own_reference=found.has_own_reference)
    cases = tuple(replace(case, verdict=case_verdict(case, judged)) for case in found.cases)
    return LesionAudit(
        detector=detector.origin,
        reference=_reference(with_truth, any_files.target is not None and detector.reads(TARGET)),
        cases=cases,
        failed=found.failed,
        summary=summarise(cases, with_truth=with_truth),
        sizes=by_size(cases),
        froc=froc(cases),
        controls=[control_row(name, own) for name, own in found.controls.items()],
        verdicts=tuple(set_verdicts(cases, judged)),
        findings=(*(finding for case in cases for finding in case.findings), *_findings(found, detector, any_files)),
        definition=DEFINITION,
    )


def read_case(
    name: str, files: AuditedFiles, detector: Detector, labels: tuple[int, ...]
) -> tuple[ReadCase, Volume, tuple[Finding, ...]]:
    """One case with everything that the detector reads in it, its source, and findings. Raises MedtransError."""
    translated, source = read_volume(files.translated), read_volume(files.source)
    target = read_volume(files.target) if files.target is not None else None
    images = {SOURCE: (files.source, source)}
    if files.target is not None and target is not None:
        images[TARGET] = files.target, target
        refuse_other_channels(name, target, TRANSLATED, translated)
    for path, volume in images.values():
        refuse_other_grid(path, volume, translated)
    everywhere = np.ones(translated.shape, bool)
    readings, findings = {}, [*translated.findings]
    for image, (_, volume) in {TRANSLATED: (files.translated, translated), **images}.items():
        refuse_not_finite(name, image, volume.voxels, everywhere)
        if detector.reads(image):
            readings[image], noticed = detector.read(name, image, volume)
            findings += noticed
    truth = None
    if files.lesions is not None:
        truth = lesion_mask(files.lesions, labels, translated, "--lesion-label")
    read = ReadCase(name, subject_of(name), translated, target, readings, truth)
    return read, source, tuple(findings)


def _add_case(name: str, files: AuditedFiles, detector: Detector, labels: tuple[int, ...], found: _Collected) -> None:
    read, source, findings = read_case(name, files, detector, labels)
    lesions = lesions_of(read)
    found.cases.append(
        CaseAudit(
            case=name,
            subject=read.subject,
            lesions=lesions,
            readings=candidates_of(read),
            lesion_dice=lesion_dice(lesions),
            verdict=PENDING,
            findings=findings,
        )
    )
    for control, of_case in controls_of(read, source, detector).items():
        found.controls.setdefault(control, []).append(of_case)
    if read.truth is not None and read.truth.any() and TARGET in read.readings:
        found.own_readings.append(bool(np.array_equal(read.truth, read.readings[TARGET])))


def _reference(with_truth: bool, with_target: bool) -> str:
    if with_truth:
        return "the given lesion masks"
    return "what the detector reads in the real images" if with_target else "none"


def _findings(found: _Collected, detector: Detector, files: AuditedFiles) -> list[Finding]:
    noticed = []
    for image, why in detector.unread.items():
        if image == SOURCE or getattr(files, image) is not None:
            noticed.append(_note("image-not-read", image, f"the {image} images are not read: {why}"))
    if found.has_own_reference:
        noticed.append(
            Finding(
                code="reference-is-the-detector",
                severity="warn",
                where="lesion masks",
                what="equal the detector's reading of the real images, voxel by voxel",
                consequence="the sensitivity of the detector in real images is 1 by construction",
                advice="give lesion masks that others drew",
            )
        )
    if found.cases and not any(case.reference_count for case in found.cases):
        what = f"none of {len(found.cases)} cases has a lesion in the reference"
        advice = "whether lesions are kept cannot be assessed: give cases that have some"
        noticed.append(Finding(code="no-lesions", severity="warn", where="lesions", what=what, advice=advice))
    if found.cases and all(case.reference_count for case in found.cases):
        what = f"{len(found.cases)} of {len(found.cases)} cases {'have' if len(found.cases) > 1 else 'has'} lesions"
        advice = "give cases without any, too: what is invented in healthy people is not assessed here"
        noticed.append(Finding(code="no-healthy-cases", severity="warn", where="lesions", what=what, advice=advice))
    return noticed


def _note(code: str, where: str, what: str) -> Finding:
    return Finding(code=code, severity="note", where=where, what=what)


DEFINITION = {
    "Lesion": f"a 26-connected component of at least {MIN_MM3:g} mm³ and {MIN_VOXELS} voxels; its size is the diameter "
    "of a ball of its volume, its diameter the longest.",
    "Found": f"a component of the detector's reading has IoU ≥ {MIN_IOU:g} with it ({STRICT_IOU:g} is given, too).",
    "Missed": "not found in the translation, though the detector finds it in the real image, or that was not read. "
    "What the detector does not find in the real image either is not detectable, and no fault of the translation.",
    "Invented": "a component of the reading of the translation that matches no lesion, lies less than half in lesions, "
    "and is not in the reading of the real image.",
    "Lesion-wise Dice": "mean of the Dice of every lesion and every invented one; 0 for what is missed or invented.",
    "Contrast recovery": "(mean of the lesion - mean of the shell) / SD of the shell, of the translation over the real "
    f"image; the shell lies {SHELL_MM[0]:g} to {SHELL_MM[1]:g} mm from the lesion.",
    "FROC": "sensitivity against false positives a case as the smallest volume that counts rises: label maps hold no "
    "probability.",
    "Bounds": "one-sided, 95 %, exact (Clopper-Pearson); the patient is the unit.",
}
"""Subject → how it is computed."""
