"""Page of a run: its evaluation, its training, and images of a few test cases."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from medtrans.core.case import Case, Split
from medtrans.core.finding import Finding
from medtrans.core.score import Evaluation
from medtrans.evaluating.run_cases import RunCase
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.models.config import read_config
from medtrans.preparing.preparation import Preparation
from medtrans.reading.names import sidecar_path
from medtrans.reading.sidecars import read_sidecar
from medtrans.recipe import Recipe
from medtrans.reporting.case_selection import case_images, report_cases
from medtrans.reporting.evaluation_report import evaluation_report
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.page import write_page
from medtrans.reporting.provenance import provenance
from medtrans.reporting.report import Section
from medtrans.reporting.run_record import RunRecord
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import write_evaluation_files
from medtrans.stages.train import TrainedModel


def write_run_page(
    run: RunFolder,
    recipe: Recipe,
    trained: TrainedModel,
    evaluation: Evaluation,
    facts: Mapping[str, Any],
    *,
    cases: Sequence[Case] = (),
    images: Sequence[CaseImages] = (),
    findings: Sequence[Finding] = (),
    audit: Section | None = None,
) -> None:
    """Write the files of the evaluation and the page. `facts` are added to the provenance, `audit` to the page."""
    write_evaluation_files(run, evaluation, trained.convergence)
    text = recipe.to_yaml()
    counts = Counter(case.split for case in cases)
    split = ", ".join(f"{counts[part]} {part}" for part in get_args(Split)) if cases else ""
    hashes = {"recipe sha256": hashlib.sha256(text.encode()).hexdigest()}
    if split:
        hashes |= {"cases": split, "hashes of images": "in the JSON beside each translation"}
    report = evaluation_report(
        recipe.name,
        evaluation,
        images,
        about=recipe.about,
        date=datetime.date.today().isoformat(),
        provenance=provenance() | hashes | dict(facts),
        findings=findings,
        audit=audit,
        run=RunRecord(
            settings=recipe.to_dict(),
            recipe=text,
            card=read_config(run.model)["card"] if run.model.exists() else {},
            sidecars=_sidecars(run, cases),
            journal=trained.journal.rows,
            monitor=recipe.training.monitor,
            convergence=trained.convergence,
        ),
    )
    write_page(run.report, report)


def _sidecars(run: RunFolder, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Of the translations that are there."""
    paths = [sidecar_path(run.translation(case.name)) for case in cases if case.split == "test"]
    return [facts for path in paths if (facts := read_sidecar(path))]


def displayed_cases(
    recipe: Recipe,
    evaluation: Evaluation,
    cases: Sequence[Case],
    translations: Mapping[str, Path],
    preparation: Preparation,
    segmentation: SegmentationTask | None,
) -> tuple[list[CaseImages], list[Finding]]:
    """Images of the worst, the median and the best case; and findings on images that cannot be displayed.

    Volumes are read again: only those of the displayed cases are held in memory.
    """
    translated = {case.name: case for case in cases if case.name in translations}
    without_target = [name for name, case in translated.items() if not case.targets]
    images, findings = [], []
    for name in report_cases(evaluation.scores, recipe.evaluating.report_cases, without_target):
        case = translated[name]
        shown, noticed = case_images(
            RunCase(case, translations[name], preparation, recipe.evaluating.region),
            recipe.reading.source_modality,
            recipe.reading.target_modality,
            segmentation,
            has_target=bool(case.targets),
            needs_source=case.sources != case.targets,
        )
        images.append(shown)
        findings += noticed
    return images, findings
