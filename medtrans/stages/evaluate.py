"""Evaluate: score translated files against their targets, without a recipe and without a model.

This file and all it imports start without torch; the page of the scores is written by stages/evaluation_page.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medtrans.core.score import Evaluation
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.metric_specs import MetricSpec
from medtrans.evaluating.results import to_csv
from medtrans.evaluating.segmentation.table import to_csv as structures_to_csv
from medtrans.reading.storage import write_atomically

if TYPE_CHECKING:
    from medtrans.evaluating.segmentation.task import SegmentationTask


def evaluate(
    translated: Path,
    target: Path,
    mask: Path | None,
    preset: str,
    output: Path | None = None,
    *,
    metrics: Sequence[MetricSpec] = (),
    uncertainty: Path | None = None,
    source: Path | None = None,
    segmentation: SegmentationTask | None = None,
) -> Evaluation:
    """Score files or folders matched by name, as evaluate_files; the file `output` gets the scores as CSV.

    Structures of label maps are written beside it, as NAME_structures.csv. Raises UsageError, InputRefused,
    EnvironmentRefused.
    """
    evaluation = evaluate_files(
        translated,
        target,
        mask,
        preset,
        metrics=metrics,
        uncertainty=uncertainty,
        source=source,
        segmentation=segmentation,
    )
    if output is not None:
        write_atomically(output, to_csv(evaluation))
        if evaluation.structures:
            beside = output.with_name(f"{output.stem}_structures.csv")
            write_atomically(beside, structures_to_csv(evaluation.structures))
    return evaluation
