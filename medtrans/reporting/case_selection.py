"""Cases with images in the report: their selection, and their volumes, read again one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from medtrans.core.errors import GridMismatch, InputRefused
from medtrans.core.finding import Finding
from medtrans.core.score import Score
from medtrans.core.volume import Volume
from medtrans.evaluating.scoring_case import ScoringCase
from medtrans.evaluating.segmentation.class_metrics import is_segmentation
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.reading.memory import memory_errors
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.score_tables import worst_to_best


def report_cases(scores: Sequence[Score], count: int, without_target: Iterable[str] = ()) -> list[str]:
    """Names of at most `count` cases: from the worst to the best, then translated cases without a target."""
    scored = worst_to_best([score for score in scores if not is_segmentation(score.metric)], count)
    return [*scored, *without_target][:count]


def case_images(
    case: ScoringCase,
    source_modality: str,
    target_modality: str,
    segmentation: SegmentationTask | None = None,
    *,
    has_target: bool = True,
    needs_source: bool = True,
) -> tuple[CaseImages, list[Finding]]:
    """The images of one case, and a finding where the source cannot be displayed.

    Raises InputRefused, GridMismatch, EnvironmentRefused.

    `needs_source` is false where no sources were given.
    """
    with memory_errors(case.name):
        translated = case.translated()
        measured = case.target() if has_target else None
        mask = case.mask(measured) if measured is not None else None
        images = CaseImages(
            case.name,
            None,
            case.in_written_unit(measured) if measured is not None else None,
            translated,
            mask if mask is not None and mask.voxels.any() else None,
            source_modality=source_modality,
            target_modality=target_modality,
        )
        images, findings = _with_source(images, case.source()) if needs_source else (images, [])
        return with_structures(images, segmentation), findings


def with_structures(images: CaseImages, segmentation: SegmentationTask | None) -> CaseImages:
    """The case with the label maps of target and translation; unchanged where it has none."""
    if segmentation is None or images.target is None:
        return images
    try:
        numbers = segmentation.class_numbers(images.case, images.translated, images.target)
    except InputRefused:  # Listed among the failed cases by the evaluation.
        return images
    return replace(images, structures=numbers, classes=tuple(segmentation.classes))


def _with_source(images: CaseImages, source: Volume | None) -> tuple[CaseImages, list[Finding]]:
    if source is None:
        return images, [_no_source(images.case, "there is no readable source of its name")]
    try:
        return replace(images, source=source), []
    except GridMismatch as error:
        return images, [_no_source(images.case, error.what)]


def _no_source(case: str, reason: str) -> Finding:
    what = f"is displayed without its source: {reason}"
    return Finding(code="source-not-displayed", severity="note", where=case, what=what)
