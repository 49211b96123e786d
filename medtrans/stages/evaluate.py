"""Evaluate: score translated files against their targets, without a recipe and without a model.

This file and all it imports start without torch; the page of the scores is written by stages/evaluation_page.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.score import Evaluation
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.metric_specs import MetricSpec
from medtrans.evaluating.results import to_csv, to_wide_csv
from medtrans.evaluating.segmentation.table import to_csv as structures_to_csv
from medtrans.reading.storage import write_atomically
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_outputs import evaluation_outputs

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
    mask_label: int | None = None,
    change: Path | None = None,
    report: Path | None = None,
    protected: Sequence[Path] = (),
    resample_tilt: bool = False,
    overwrite: bool = False,
) -> Evaluation:
    """Score files or folders matched by name, as evaluate_files; the file `output` gets the scores as CSV.

    A row per case is written beside it as NAME_wide.csv, structures of label maps as NAME_structures.csv. No output,
    nor a file of the page that will be written to the folder `report`, may be an input or one of the `protected` files,
    or exist, unless `overwrite`. Raises UsageError, InputRefused, EnvironmentRefused.
    """
    given = [path for path in (translated, target, mask, uncertainty, source, change, *protected) if path is not None]
    plan_outputs(_outputs(output, report), given, overwrite)
    evaluation = evaluate_files(
        translated,
        target,
        mask,
        preset,
        metrics=metrics,
        uncertainty=uncertainty,
        source=source,
        segmentation=segmentation,
        mask_label=mask_label,
        change=change,
        resample_tilt=resample_tilt,
    )
    if output is not None:
        write_atomically(output, to_csv(evaluation))
        write_atomically(_beside(output, "wide"), to_wide_csv(evaluation))
        if evaluation.structures:
            write_atomically(_beside(output, "structures"), structures_to_csv(evaluation.structures))
        else:
            _beside(output, "structures").unlink(missing_ok=True)
    return evaluation


def _outputs(output: Path | None, report: Path | None) -> list[Output]:
    names = (output, _beside(output, "wide"), _beside(output, "structures")) if output is not None else ()
    tables = [Output(name, "table") for name in names]
    return [*tables, *(evaluation_outputs(RunFolder(report)) if report is not None else [])]


def _beside(output: Path, word: str) -> Path:
    return output.with_name(f"{output.stem}_{word}.csv")
