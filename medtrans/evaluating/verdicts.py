"""Verdicts on an evaluation: pass, fail, not shown or not assessable, each with the numbers behind it.

First whether the translations are images at all, then whether they are better than baselines: in these cases, and by a
paired test over subjects. A model that a baseline beats never gets a pass, whatever its training says of itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from medtrans.core.finding import Finding, Verdict
from medtrans.core.measurement import Structure
from medtrans.core.score import TRANSLATED, Evaluation, Score
from medtrans.evaluating.baseline_verdicts import beats_baselines, not_comparable, significance, without_baseline
from medtrans.evaluating.columns import Column, columns, count_text, systems
from medtrans.evaluating.degenerate import CODES as DEGENERATE
from medtrans.evaluating.primary_metrics import primary_metrics
from medtrans.evaluating.segmentation.class_metrics import COUNTS, is_single_class
from medtrans.evaluating.segmentation.task import UPPER_BOUND
from medtrans.metrics import comparable

MAX_NAMES = 5
"""Structures, and cases of each, that a verdict names."""
ASSESSED = "all-assessed"
BASELINE_CODES = ("better-than-baselines", "significant")
STRUCTURES = {
    "missed": "Is every structure of the targets found in the translations?",
    "invented": "Is no structure found in the translations that the targets lack?",
}


def verdicts(evaluation: Evaluation, convergence: Verdict | None = None) -> list[Verdict]:
    """`convergence` is the verdict of the training, where there was one: lowered where a baseline is better.

    A segmenter's map of the real target is no baseline: it is the upper bound.
    """
    scores = [one for one in evaluation.scores if one.system != UPPER_BOUND and not is_single_class(one.metric)]
    found: list[Verdict] = []
    if scores:
        cases = list(dict.fromkeys(score.case for score in scores))
        found = [of_images(evaluation.findings, cases), *against_baselines(scores, evaluation.primary)]
        if evaluation.structures:
            found += [of_structures(evaluation.structures, kind) for kind in STRUCTURES]
        found.append(_assessed(len(cases), len(evaluation.failed)))
    return [*found, lowered(convergence, found)] if convergence else found


def headline(found: Sequence[Verdict]) -> list[Verdict]:
    """Those that are said first: all failures, the first comparison with baselines, and that of the training."""
    failures = [verdict for verdict in found if verdict.outcome == "fail"]
    first = [verdict for verdict in found if verdict.code == "better-than-baselines"][:1]
    training = [verdict for verdict in found[-1:] if verdict.code != ASSESSED]
    return [*failures, *(verdict for verdict in [*first, *training] if verdict.outcome != "fail")]


def of_images(findings: Sequence[Finding], cases: Sequence[str]) -> Verdict:
    """Whether no translation is black, constant, far too bright, saturated or filled with one value."""
    doubted = [finding for finding in findings if finding.code in DEGENERATE]
    names = list(dict.fromkeys(finding.where for finding in doubted))
    words = [f"{len(names)} of {count_text(len(cases), 'case')}"]
    words += [f"in {first_names(names)}", f"{doubted[0].where}: {doubted[0].what}"] if doubted else []
    return Verdict(
        code="degenerate-images",
        question="Are the translations images, none of them black, constant or saturated?",
        outcome="fail" if doubted else "pass",
        reason="; ".join(words) if doubted else f"{len(cases)} of {count_text(len(cases), 'case')}",
        numbers={"cases": len(cases), "degenerate": len(names)},
    )


def against_baselines(scores: Sequence[Score], primary: Sequence[str] = ()) -> list[Verdict]:
    """One verdict for each metric that a baseline has too, the primary ones first and with one on significance."""
    if len(systems(scores)) < 2:
        return [without_baseline("Better than every baseline?", scores)]
    shared = {score.metric for score in scores if score.system != TRANSLATED}
    # Counts of missed and invented structures have verdicts of their own.
    heads = [head for head in columns(scores) if head.metric in shared and head.metric.name not in COUNTS]
    ranked, others = ([one for one in heads if comparable(one.metric) is wanted] for wanted in (True, False))
    tested = _primary(ranked, primary)
    ranked.sort(key=lambda head: head not in tested)
    found = [beats_baselines(scores, one) for one in ranked] + ([not_comparable(others)] if others else [])
    return [*found, *significance(scores, tested)]


def lowered(convergence: Verdict, found: Sequence[Verdict]) -> Verdict:
    """The verdict of the training: no pass where a baseline is better on a metric, or images are degenerate."""
    reasons = [one for one in found if one.outcome == "fail" and one.code in ("degenerate-images", *BASELINE_CODES)]
    if convergence.outcome != "pass" or not reasons:
        return convergence
    why = f"{reasons[0].question} {reasons[0].outcome}: {reasons[0].reason}"
    reason = f"{convergence.reason}; but it is no result: {why}"
    return replace(convergence, code="below-baseline", outcome="fail", reason=reason)


def of_structures(structures: Sequence[Structure], kind: str) -> Verdict:
    """Whether no structure was "missed" or "invented" in any translation, else which, and in which cases."""
    own = [one for one in structures if one.system == TRANSLATED and one.found != "neither"]
    wrong = [one for one in own if one.found == kind]
    cases = count_text(len({one.case for one in own}), "case")
    words = [f"{len(wrong)} {kind} of {count_text(len(own), 'structure')} in {cases}"]
    words += [f"{name} in {first_names(cases)}" for name, cases in list(_cases(wrong).items())[:MAX_NAMES]]
    return Verdict(
        code=f"structures-{kind}",
        question=STRUCTURES[kind],
        outcome="fail" if wrong else "pass" if own else "not assessable",
        reason="; ".join(words),
        numbers={"count": len(wrong), "structures": len(own)},
    )


def first_names(names: Sequence[str]) -> str:
    """The first of them, and how many more."""
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


def _primary(ranked: Sequence[Column], named: Sequence[str]) -> list[Column]:
    """The primary metrics among those that baselines have too."""
    labels = [column.metric.label for column in ranked]
    chosen = primary_metrics(labels, [label for label in named if label in labels])
    return [column for column in ranked if column.metric.label in chosen]


def _assessed(scored: int, failed: int) -> Verdict:
    cases = scored + failed
    reason = f"{failed} of {cases} could not, with the reasons above" if failed else f"{cases} of {cases}"
    return Verdict(
        code=ASSESSED,
        question="Could every case be assessed?",
        outcome="fail" if failed else "pass",
        reason=reason,
        numbers={"cases": cases, "failed": failed},
    )


def _cases(structures: Sequence[Structure]) -> Mapping[str, list[str]]:
    """Name of a structure → its cases."""
    found: dict[str, list[str]] = {}
    for one in structures:
        found.setdefault(one.name, []).append(one.case)
    return found
