"""Insertion audit of files: lesions of known size and contrast, put into sources and looked for in translations."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.auditing.detector import Detector, find_detector
from medtrans.auditing.insertion_audit import Design, HealthyCase, Observed, insert_lesions, remove_lesions
from medtrans.auditing.insertion_summary import (
    cell_rows,
    few_patients,
    half_rows,
    kept_verdict,
    lesions_of,
    read_verdict,
)
from medtrans.auditing.insertion_tables import DEFINITION, cells_csv, lesions_csv
from medtrans.auditing.read_insertions import Read
from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.errors import GridMismatch, MedtransError, ModelRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.core.insertion import InsertionAudit, RemovedLesion
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.volume import Volume
from medtrans.evaluating.failures import failure
from medtrans.evaluating.input_checks import refuse_not_finite
from medtrans.models.zoo import model_folders
from medtrans.reading.checks import refusal
from medtrans.reading.grids import compare_grids
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import subject_of
from medtrans.reading.volumes import hash_volume, read_mask, read_volume
from medtrans.reporting.audit_report import audit_report
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.page import render
from medtrans.reporting.provenance import provenance
from medtrans.stages._audit_folder import DOCUMENT, PAGE, write_audit
from medtrans.stages._insertion_section import insertion_section
from medtrans.stages._matched_audit import matched_files
from medtrans.translating.ensemble import AnyTranslator, load_members, together

LESIONS, CELLS = "inserted.csv", "detectability.csv"
CASES_WITH_IMAGES = 2
NOTICE = "Inserted lesions are balls: a model may treat real ones in another way."


@dataclass(frozen=True)
class Beside:
    """Files beside the sources, each a folder of the same names or the one file: real images, places, lesions."""

    target: Path | None = None
    place: Path | None = None
    lesions: Path | None = None

    @property
    def given(self) -> dict[str, Path]:
        """Role → path."""
        return {role: path for role, path in vars(self).items() if path is not None}


def audit_insert(
    sources: Path,
    models: Sequence[str | Path],
    folder: Path,
    design: Design,
    beside: Beside,
    *,
    detector: Path | None = None,
    detector_labels: Sequence[int] = (),
    conditions: Mapping[str, float] | None = None,
    device: str = "auto",
    overwrite: bool = False,
    on_progress: ProgressCallback = no_progress,
) -> InsertionAudit:
    """Insert lesions into a source or a folder of them; writes inserted.csv, detectability.csv, page and JSON.

    `detector` is the model folder of a segmenter, which reads lesions beside the observer.
    Raises UsageError, InputRefused, ModelRefused, EnvironmentRefused; where no case at all could be used, too.
    """
    kinds = {LESIONS: "table", CELLS: "table", PAGE: "page", DOCUMENT: "JSON file"}
    planned = [Output(folder / name, kind) for name, kind in kinds.items()]  # type: ignore[arg-type]
    plan_outputs(planned, [sources, *beside.given.values()], overwrite)
    files = matched_files(sources, beside.given)
    translator = together(load_members(model_folders(models), device))
    reader = _detector(detector, detector_labels, translator, device)
    work = _Work(translator, design, dict(conditions or {}), reader)
    for number, (name, paths) in enumerate(files.items()):
        on_progress("audit", name, number / len(files))
        try:
            with memory_errors(name):
                work.add(name, paths, max(-(-design.lesions // len(files)), 1))
        except MedtransError as error:
            work.failed[name] = failure(name, error)
    on_progress("audit", "", 1.0)
    if not work.observed:
        finding = next(iter(work.failed.values()))
        raise refusal(work.failed.values())(finding.where, finding.what, finding.advice, finding.code)
    found = work.result()
    inputs = {name: {role: hash_volume(path) for role, path in paths.items()} for name, paths in files.items()}
    facts = {**found.to_dict(), "inputs": inputs, "design": vars(design)}
    write_audit(folder, {LESIONS: lesions_csv(found), CELLS: cells_csv(found), PAGE: work.page(found)}, facts, NOTICE)
    return found


def _detector(path: Path | None, labels: Sequence[int], translator: AnyTranslator, device: str) -> Detector | None:
    """A segmenter that reads the translations. Raises ModelRefused, UsageError."""
    if path is None:
        if labels:
            raise UsageError(
                "--detector-label", "has no --detector", "name a segmenter's model folder, or leave it out"
            )
        return None
    preparation = translator.members[0].preparation
    found = find_detector(path, labels, preparation.target_modality, preparation.source_modality, device)
    if found.segmenter is None:
        what = "holds label maps, and those of images that are made here do not exist yet"
        raise ModelRefused(path, what, "give the model folder of a segmenter", "no-detector")
    return found


class _Work:
    """What is gathered while the cases are gone through."""

    def __init__(
        self, translator: AnyTranslator, design: Design, conditions: Mapping[str, float], detector: Detector | None
    ) -> None:
        self.translator, self.design, self.conditions = translator, design, conditions
        self.detector = detector
        self.observed: list[Observed] = []
        self.removed: list[RemovedLesion] = []
        self.failed: dict[str, Finding] = {}
        self.findings: dict[str, Finding] = {}
        self.last: dict[str, tuple[Volume, Volume]] = {}
        """Case → a source with lesions and its translation."""

    def add(self, name: str, paths: Mapping[str, Path], count: int) -> None:
        """Raises MedtransError."""
        case = self._case(name, paths)

        def translate(volume: Volume) -> Volume:
            made = self.translator.translate(volume, conditions=self.conditions, where=name)
            self.findings.update({one.sentence: one for one in made.findings})
            if name in self.last or len(self.last) < CASES_WITH_IMAGES:
                self.last[name] = volume, made.volume
            return made.volume

        if case.lesions is not None:
            self.removed += remove_lesions(case, translate, self.design.seed)
        self.observed += insert_lesions(case, count, self.design, translate, self._read(name))

    def _read(self, name: str) -> Read | None:
        """What the detector reads in images of a case."""
        if (detector := self.detector) is None:
            return None

        def read(image: str, volume: Volume) -> np.ndarray | None:
            if not detector.reads(image):
                return None
            mask, findings = detector.read(name, image, volume)
            self.findings.update({one.sentence: one for one in findings})
            return mask

        return read

    def result(self) -> InsertionAudit:
        """The audit of all cases."""
        lesions = lesions_of(self.observed)
        return InsertionAudit(
            model=self.translator.identity.name,
            detector=self.detector.origin if self.detector else "",
            cases=tuple(dict.fromkeys(one.case.name for one in self.observed)),
            lesions=tuple(lesions),
            cells=cell_rows(self.observed),
            half=half_rows(lesions, self.design.seed),
            removed=tuple(self.removed),
            verdicts=(kept_verdict(lesions), *([read_verdict(lesions)] if self.detector else [])),
            failed=self.failed,
            findings=(*few_patients(self.observed), *self.findings.values()),
            definition=DEFINITION,
        )

    def page(self, found: InsertionAudit) -> bytes:
        """The page, with images of a few cases."""
        preparation = self.translator.members[0].preparation
        modalities: dict[str, Any] = {
            "source_modality": preparation.source_modality,
            "target_modality": preparation.target_modality,
        }
        images = [CaseImages(name, *(source, None, made), **modalities) for name, (source, made) in self.last.items()]
        report = audit_report(
            f"Inserted lesions: {found.model}",
            "Lesions of known size and contrast, put into sources and looked for in their translations.",
            [insertion_section(found)],
            verdicts=found.verdicts,
            images=images,
            failed=found.failed,
            findings=found.findings,
            date=datetime.date.today().isoformat(),
            provenance=provenance(),
        )
        return render(report)

    def _case(self, name: str, paths: Mapping[str, Path]) -> HealthyCase:
        source = read_volume(paths["source"])
        refuse_not_finite(name, "the source", source.voxels, np.ones(source.shape, bool))
        others = {role: read_volume(path) for role, path in paths.items() if role == "target"}
        others |= {role: read_mask(path) for role, path in paths.items() if role in ("place", "lesions")}
        for role, volume in others.items():
            if not volume.shares_grid_with(source):
                what = f"lies on another grid than the source: {compare_grids(source, volume).what}"
                raise GridMismatch(paths[role], what, "resample it to the grid of the source")
        masks = {role: others[role].voxels[0] > 0 for role in ("place", "lesions") if role in others}
        place = masks.get("place")
        if place is None:
            place = self.translator.members[0].preparation.body_mask(source)
        return HealthyCase(name, subject_of(name), source, place, others.get("target"), masks.get("lesions"))
