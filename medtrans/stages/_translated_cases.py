"""Cases of a run that are translated and scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtrans.auditing.inspection import inspection_of
from medtrans.batching.outcome import Outcome
from medtrans.batching.translate_files import translate_files
from medtrans.core.case import Case, Split
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.score import Evaluation
from medtrans.evaluating.run_cases import evaluate_run, not_translated
from medtrans.evaluating.segmentation.class_metrics import is_single_class
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.evaluating.statistics.summary import summarise
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.translating.ensemble import AnyTranslator
from medtrans.translating.translator import Translator


def translate_cases(
    cases: Sequence[Case],
    translator: AnyTranslator,
    models: Sequence[Path],
    paths: RunFolder,
    *,
    split: Split = "test",
    on_progress: ProgressCallback = no_progress,
) -> dict[str, Outcome]:
    """Case of the split → its outcome; the translations lie in the folder of a run, and are taken up."""
    chosen = [case for case in cases if case.split == split and case.sources]
    outcomes = translate_files(
        [case.sources for case in chosen],
        paths.translations,
        translator,
        names=[case.name for case in chosen],
        conditions=[case.conditions for case in chosen],
        masks=[case.mask for case in chosen],
        mask_label=cases[0].mask_label,
        inspection=inspection_of(models, force=True),
        protected=[file for case in cases for file in case.files],
        resume=True,
        overwrite=True,
        on_progress=on_progress,
    )
    return {case.name: outcome for case, outcome in zip(chosen, outcomes, strict=True)}


def evaluate_cases(
    recipe: Recipe,
    cases: Sequence[Case],
    outcomes: Mapping[str, Outcome],
    translator: Translator,
    segmentation: SegmentationTask | None,
) -> Evaluation:
    """Scores of the translated cases."""
    translations = {name: outcome.output for name, outcome in outcomes.items() if outcome.output}
    failed = {name: not_translated(name, outcome.message) for name, outcome in outcomes.items() if not outcome.output}
    return evaluate_run(
        cases,
        translations,
        failed,
        translator.preparation,
        recipe.evaluating,
        has_uncertainty=translator.gives_uncertainty,
        segmentation=segmentation,
    )


def means(evaluation: Evaluation) -> tuple[dict[str, dict[str, float]], tuple[str, ...]]:
    """System → metric → mean, and the metrics that are not of single structures."""
    table: dict[str, dict[str, float]] = {}
    columns: dict[str, None] = {}
    for line in summarise(evaluation.scores):
        table.setdefault(line.system, {})[line.metric.label] = line.mean
        if not is_single_class(line.metric):
            columns[line.metric.label] = None
    return table, tuple(columns)
