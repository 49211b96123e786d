"""Methods text of a paper, from the record of a run and the definition of its scores.

Every clause follows from what was used: a setting without effect in this run is not mentioned. The author adds ethics,
recruitment, sequences and the motivation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.measurement import Measurement
from medtrans.core.score import TRANSLATED, Definition, Evaluation, Score
from medtrans.evaluating.columns import count_text, scored_definition, systems
from medtrans.evaluating.segmentation.class_metrics import is_single_class
from medtrans.evaluating.segmentation.task import UPPER_BOUND
from medtrans.evaluating.statistics.intervals import COVERAGE_NOTE, MIN_SUBJECTS_FOR_BOOTSTRAP, RESAMPLES
from medtrans.evaluating.statistics.paired import MIN_SUBJECTS_FOR_TEST
from medtrans.reporting.paragraphs.data import data_sentences
from medtrans.reporting.paragraphs.objective import objective_sentences
from medtrans.reporting.paragraphs.preparation import preparation_sentences
from medtrans.reporting.paragraphs.training import training_sentences
from medtrans.reporting.paragraphs.translation import translation_sentences
from medtrans.reporting.run_record import RunRecord

PACKAGES = ("python", "torch", "monai", "numpy", "scipy")
"""Software that a paper names."""
NOT_FINITE = "; values that are nan or infinite were counted and excluded from both"


def methods_text(
    evaluation: Evaluation, run: RunRecord | None = None, *, software: Mapping[str, Any] | None = None
) -> str:
    """`run` is None for files that were only scored; `software` name → version. Paragraphs are separated by a line."""
    scores = [score for score in evaluation.scores if not is_single_class(score.metric)]
    paragraphs = run_paragraphs(run) if run and run.settings else []
    paragraphs += [_definition(scored_definition(evaluation))] if scores or not paragraphs else []
    paragraphs += [_numbers(scores, len(evaluation.failed), len(evaluation.primary))] if scores else []
    paragraphs += [[*_agreement(evaluation.measurements), *_software(software or {})]]
    return "\n\n".join(" ".join(sentences) for sentences in paragraphs if sentences)


def run_paragraphs(run: RunRecord) -> list[list[str]]:
    """Sentences of each part of a run: data, preparation, method, training, translation."""
    return [
        data_sentences(run),
        preparation_sentences(run),
        objective_sentences(run),
        training_sentences(run),
        translation_sentences(run),
    ]


def _definition(definition: Definition) -> list[str]:
    low, high = (f"{end:g}".replace("-", "−") for end in definition.value_range)
    return [
        f"Scores follow the preset {definition.preset} of medtrans for {definition.modality}, with the value range "
        f"{low} … {high} (width Q = {definition.data_range:g}); region: {definition.region}.",
        *(_ended(clause.sentence) for clause in definition.clauses),
    ]


def _numbers(scores: Sequence[Score], failed: int, primary: int) -> list[str]:
    """`primary` is the number of metrics on which a claim is tested."""
    own = [score for score in scores if score.system == TRANSLATED]
    cases, subjects = ({getattr(score, name) for score in own} for name in ("case", "subject"))
    more = f"; {count_text(failed, 'further case')} could not be scored" if failed else ""
    averaged = ", after averaging the cases of one subject" if len(cases) > len(subjects) else ""
    excluded = "" if all(math.isfinite(score.value) for score in scores) else NOT_FINITE
    return [
        f"n = {count_text(len(cases), 'case')} of {count_text(len(subjects), 'subject')} were scored{more}. Values are "
        f"given as mean ± standard deviation over subjects{averaged}{excluded}. {_intervals(len(subjects))}",
        *_baselines(
            [name for name in systems(scores) if name not in (TRANSLATED, UPPER_BOUND)], len(subjects), primary
        ),
    ]


def _baselines(names: Sequence[str], subjects: int, primary: int) -> list[str]:
    """Which there were, and the test, where there were enough subjects for one."""
    if not names:
        return []
    listed = f"Translations were compared with baselines that need no trained model ({'; '.join(names)})"
    if subjects < MIN_SUBJECTS_FOR_TEST:
        return [f"{listed}, without a test, which needs {MIN_SUBJECTS_FOR_TEST} subjects."]
    holm = "; p of the primary metrics are corrected by Holm" if primary > 1 else ""
    return [
        f"{listed} by Wilcoxon's signed-rank test over subjects on the primary metric; better than every baseline is "
        f"one claim, whose p is the largest of the baselines{holm}."
    ]


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
