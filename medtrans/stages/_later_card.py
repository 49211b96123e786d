"""Length of the training, test scores and failures for a card, which is given away: it names no case or subject."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from medtrans.core.finding import Finding, Verdict
from medtrans.core.score import TRANSLATED, Evaluation
from medtrans.evaluating.columns import Column, columns, count_text, goodness
from medtrans.evaluating.segmentation.class_metrics import is_single_class
from medtrans.evaluating.statistics.summary import summarise
from medtrans.evaluating.verdicts import BASELINE_CODES
from medtrans.reporting.curves import best_step
from medtrans.training.journal import Journal
from medtrans.training.settings import TrainingSettings

NONE_FOUND = "none found in these cases, which does not mean that there are none"


def training_facts(journal: Journal, training: TrainingSettings) -> dict[str, Any]:
    """Steps and time of a training, and the step whose weights were saved; of a journal with rows."""
    last = journal.rows[-1]
    best = best_step(journal.rows, training.monitor)
    clock = "CPU" if training.clock == "cpu" else "wall clock"
    saved = {"saved": f"after step {best}, the best in validation"} if best else {"saved": "after the last step"}
    return {"steps": int(last["step"]), "time": f"{last['seconds'] / 60:.1f} min ({clock})", **saved}


def evaluation_facts(
    evaluation: Evaluation, verdicts: Sequence[Verdict], findings: Sequence[Finding]
) -> dict[str, Any]:
    """Scores and failures for `model_card`; empty where nothing was scored."""
    own = [score for score in evaluation.scores if score.system == TRANSLATED and not is_single_class(score.metric)]
    if not own and not evaluation.failed:
        return {}
    cases, subjects = ({getattr(score, name) for score in own} for name in ("case", "subject"))
    scored = f"{count_text(len(cases), 'case')} of {count_text(len(subjects), 'subject')}"
    means = {line.metric: line.mean for line in summarise(own)}
    definition = evaluation.definition
    heads = columns(own)
    return {
        "scores": {
            "scored": scored,
            "definition": f"preset {definition.preset}; region: {definition.region}",
            **{head.metric.label: f"{head.text(means[head.metric])} {head.unit}".strip() for head in heads},
        },
        "failures": [*_worst(heads, own), *_failed(verdicts, evaluation), *_noticed([*evaluation.findings, *findings])]
        or [NONE_FOUND],
    }


def _worst(heads: Sequence[Column], own: Sequence[Any]) -> list[str]:
    """The worst case of each metric that one case can have a worse value of than another."""
    texts = []
    for head in heads:
        values = [one.value for one in own if one.metric == head.metric and math.isfinite(one.value)]
        if len(values) > 1:
            worst = min(values, key=lambda value: goodness(value, head.direction))
            texts.append(f"{head.label} {head.text(worst)} {head.unit}".strip() + f" (mean {head.text(fmean(values))})")
    return [f"worst test case: {'; '.join(texts)}"] if texts else []


def _failed(verdicts: Sequence[Verdict], evaluation: Evaluation) -> list[str]:
    """Questions that were answered by fail. Only reasons without names of cases are given."""
    sentences = []
    for verdict in verdicts:
        if verdict.outcome == "fail":
            reason = f": {verdict.reason}" if verdict.code in BASELINE_CODES else _numbers(verdict)
            sentences.append(f"{verdict.question} No{reason}")
    if evaluation.failed:
        sentences.append(f"{count_text(len(evaluation.failed), 'test case')} could not be translated or scored")
    return sentences


def _numbers(verdict: Verdict) -> str:
    for found, of in (("degenerate", "cases"), ("count", "structures"), ("failed", "cases")):
        if found in verdict.numbers and of in verdict.numbers:
            return f": {verdict.numbers[found]} of {verdict.numbers[of]} {of}"
    return ""


def _noticed(findings: Sequence[Finding]) -> list[str]:
    """Each kind of finding once, with the number of cases and what it means."""
    kinds: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity != "note":
            kinds.setdefault(finding.code, []).append(finding)
    return [
        f"{code.replace('-', ' ')}, in {count_text(len({one.where for one in some}), 'case')}"
        + (f": {some[0].consequence}" if some[0].consequence else "")
        for code, some in kinds.items()
    ]
