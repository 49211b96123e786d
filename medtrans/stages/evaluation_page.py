"""Page of an evaluation of files: its scores, and images of a few cases. There is no recipe and no training."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path

from medtrans.auditing.plausibility import plausibility
from medtrans.batching.outputs import plan_outputs
from medtrans.core.finding import Finding, Verdict
from medtrans.core.score import Evaluation
from medtrans.evaluating.folder_cases import FolderCase, folder_cases
from medtrans.evaluating.matched_files import match_files
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.reporting.case_selection import case_images, report_cases
from medtrans.reporting.evaluation_report import evaluation_report
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.page import write_page
from medtrans.reporting.provenance import provenance
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import write_evaluation_files
from medtrans.stages._evaluation_outputs import evaluation_outputs


def write_evaluation_page(
    folder: Path,
    evaluation: Evaluation,
    translated: Path,
    target: Path,
    mask: Path | None,
    *,
    source: Path | None = None,
    segmentation: SegmentationTask | None = None,
    mask_label: int | None = None,
    resample_tilt: bool = False,
    overwrite: bool = False,
) -> Path:
    """Write scores.csv, scores.json, tables.tex and report.html into `folder`; returns the page.

    `translated` to `source` are the files that were scored. A source that does not lie on the grid of its translation
    is not displayed, and the page gives the reason. Raises EnvironmentRefused, and UsageError where a file exists and
    `overwrite` is False.
    """
    run = RunFolder(folder)
    plan_outputs(evaluation_outputs(run), overwrite=overwrite)
    files = match_files(translated, target, mask, source=source)
    cases = {case.name: case for case in folder_cases(files, mask_label=mask_label, resample_tilt=resample_tilt)}
    images, findings = _images(evaluation, cases, segmentation, has_source=files.has_source)
    write_evaluation_files(run, evaluation)
    report = evaluation_report(
        f"{translated.name} compared with {target.name}",
        evaluation,
        images,
        about="Translated volumes scored against their targets.",
        date=datetime.date.today().isoformat(),
        provenance=provenance(),
        findings=findings,
        plausibility=_plausibility(evaluation, cases) if evaluation.definition.modality == "CT" else {},
    )
    write_page(run.report, report)
    return run.report


def _plausibility(evaluation: Evaluation, cases: Mapping[str, FolderCase]) -> dict[str, list[Verdict]]:
    """Scored case → the verdicts on its translated CT."""
    scored = {score.case for score in evaluation.scores}
    return {name: plausibility(case.translated(), case.source()) for name, case in cases.items() if name in scored}


def _images(
    evaluation: Evaluation,
    cases: Mapping[str, FolderCase],
    segmentation: SegmentationTask | None,
    *,
    has_source: bool,
) -> tuple[list[CaseImages], list[Finding]]:
    """Images of the worst, the median and the best case, read again one by one."""
    modality = evaluation.definition.modality
    images, findings = [], []
    for name in report_cases(evaluation.scores, EvaluatingSettings.report_cases):
        # The modality of a source is not declared here: MR has no fixed display windows and fits any values.
        displayed, noticed = case_images(cases[name], "MR", modality, segmentation, needs_source=has_source)
        images.append(displayed)
        findings += noticed
    return images, findings
