"""Methods paragraph of a paper, from the recipe and the definition of the scores.

It states what was set and what was computed. The author adds the cohort, the scanners and the motivation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.measurement import Measurement
from medtrans.core.score import TRANSLATED, Definition, Evaluation, Score
from medtrans.evaluating.columns import count_text, systems
from medtrans.evaluating.segmentation.class_metrics import is_single_class
from medtrans.evaluating.segmentation.task import UPPER_BOUND
from medtrans.evaluating.statistics.intervals import COVERAGE_NOTE, MIN_SUBJECTS_FOR_BOOTSTRAP, RESAMPLES
from medtrans.evaluating.statistics.paired import MIN_SUBJECTS_FOR_TEST
from medtrans.reporting.recipe_text import run_sentences

PACKAGES = ("python", "torch", "monai", "numpy", "scipy")
"""Software that a paper names."""


def methods_text(
    evaluation: Evaluation, settings: Mapping[str, Any], *, split: str = "", software: Mapping[str, Any] | None = None
) -> str:
    """`settings` are the recipe as plain values, empty for files that were only scored; `software` name → version."""
    scores = [score for score in evaluation.scores if not is_single_class(score.metric)]
    parts = run_sentences(settings, split) if settings else []
    parts += _definition(evaluation.definition)
    parts += _numbers(scores, len(evaluation.failed)) if scores else []
    parts += _agreement(evaluation.measurements)
    return " ".join([*parts, *_software(software or {})])


def _definition(definition: Definition) -> list[str]:
    low, high = (f"{end:g}".replace("-", "−") for end in definition.value_range)
    return [
        f"Scores follow the preset {definition.preset} of medtrans for {definition.modality}, with the value range "
        f"{low} … {high} (width Q = {definition.data_range:g}); region: {definition.region}.",
        *(_ended(clause.sentence) for clause in definition.clauses),
    ]


def _numbers(scores: Sequence[Score], failed: int) -> list[str]:
    own = [score for score in scores if score.system == TRANSLATED]
    cases, subjects = ({getattr(score, name) for score in own} for name in ("case", "subject"))
    baselines = [system for system in systems(scores) if system not in (TRANSLATED, UPPER_BOUND)]
    more = f"; {count_text(failed, 'further case')} could not be scored" if failed else ""
    sentences = [
        f"n = {count_text(len(cases), 'case')} of {count_text(len(subjects), 'subject')} were scored{more}. Values are "
        "given as mean ± standard deviation over subjects, after averaging the cases of one subject; values that are "
        f"nan or infinite were counted and excluded from both. {_intervals(len(subjects))}"
    ]
    if baselines:
        sentences.append(
            f"Translations were compared with baselines that need no trained model ({'; '.join(baselines)}) by "
            "Wilcoxon's signed-rank test over subjects on the primary metric, where there were at least "
            f"{MIN_SUBJECTS_FOR_TEST} subjects; better than every baseline is one claim, whose p is the largest of the "
            "baselines; p of several primary metrics are corrected by Holm."
        )
    return sentences


def _intervals(subjects: int) -> str:
    """The method that the number of subjects decides."""
    if subjects >= MIN_SUBJECTS_FOR_BOOTSTRAP:
        return (
            "Intervals are 95 % bias-corrected and accelerated bootstrap intervals of the mean over subjects "
            f"({RESAMPLES} resamples; Efron, JASA 1987)."
        )
    return f"Intervals are 95 % intervals of the mean over subjects by Student's t. {COVERAGE_NOTE}"


def _agreement(measurements: Sequence[Measurement]) -> list[str]:
    names = list(dict.fromkeys(one.name for one in measurements))
    if not names:
        return []
    return [
        "Agreement of translation and target is given as bias and limits of agreement (bias ± 1.96 standard deviations "
        "of the differences, one difference per subject) with their 95 % intervals (Bland and Altman, Stat Methods Med "
        f"Res 1999), for: {'; '.join(names)}."
    ]


def _software(software: Mapping[str, Any]) -> list[str]:
    known = [f"{name} {software[name]}" for name in ("medtrans", *PACKAGES) if software.get(name, "absent") != "absent"]
    return [f"Software: {', '.join(known)}."] if known else []


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(".") else f"{sentence}."
