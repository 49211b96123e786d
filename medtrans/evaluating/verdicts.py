"""Verdicts on a run: pass, fail or not assessable, each with the numbers behind it.

Better than the baselines in these cases is one question; whether it is significant across subjects needs a paired test
over subjects (Wilcoxon's, corrected by Holm over the baselines), and that needs six.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean

from medtrans.core.finding import Outcome, Verdict
from medtrans.core.measurement import Structure
from medtrans.core.score import TRANSLATED, Score
from medtrans.evaluating.columns import Column, columns, count_text, goodness, paired, systems
from medtrans.evaluating.segmentation.class_metrics import COUNTS
from medtrans.evaluating.segmentation.task import UPPER_BOUND
from medtrans.evaluating.statistics.paired import MIN_SUBJECTS_FOR_TEST
from medtrans.evaluating.statistics.ranking import holm, rank_systems
from medtrans.evaluating.statistics.summary import by_subject
from medtrans.metrics import comparable

LEVEL = 0.05
MAX_NAMES = 5
"""Structures, and cases of each, that a verdict names."""
STRUCTURES = {
    "missed": "Is every structure of the targets found in the translations?",
    "invented": "Is no structure found in the translations that the targets lack?",
}


def verdicts(
    scores: Sequence[Score], failed: int, convergence: Verdict | None = None, structures: Sequence[Structure] = ()
) -> list[Verdict]:
    """`failed` cases could not be scored; `convergence` is the verdict of the training, where there was one.

    A segmenter's map of the real target is no baseline: it is the upper bound.
    """
    scores = [score for score in scores if score.system != UPPER_BOUND]
    found = against_baselines(scores) if scores else []
    if scores:
        found += [of_structures(structures, kind) for kind in STRUCTURES] if structures else []
        found.append(_assessed(len({score.case for score in scores}), failed))
    return [*found, convergence] if convergence else found


def against_baselines(scores: Sequence[Score]) -> list[Verdict]:
    """One verdict for each metric that a baseline has too, and one on significance; a single one without baselines."""
    if len(systems(scores)) < 2:
        return [_without_baseline("Better than every baseline?", scores)]
    shared = {score.metric for score in scores if score.system != TRANSLATED}
    # Counts of missed and invented structures have verdicts of their own.
    heads = [head for head in columns(scores) if head.metric in shared and head.metric.name not in COUNTS]
    ranked, others = ([one for one in heads if comparable(one.metric) is wanted] for wanted in (True, False))
    found = [beats_baselines(scores, one) for one in ranked] + ([not_comparable(others)] if others else [])
    return [*found, is_significant(scores, ranked[0])] if ranked else found


def beats_baselines(scores: Sequence[Score], column: Column) -> Verdict:
    """Whether the mean of a metric is better than that of every baseline, over the cases that both have a value for."""
    question = f"Better than every baseline on {column.label}, in these cases?"
    if len(systems(scores)) < 2 or TRANSLATED not in systems(scores):
        return _without_baseline(question, scores)
    pairs = {system: paired(scores, system, column.metric) for system in systems(scores)[1:]}
    missing = next((system for system, values in pairs.items() if not values), "")
    if missing:
        reason = f"“{missing}” shares no scored case with the translation"
        return Verdict(code="better-than-baselines", question=question, outcome="not assessable", reason=reason)
    means = {
        system: (fmean(own for own, _ in values), fmean(other for _, other in values))
        for system, values in pairs.items()
    }
    nearest = max(
        means,
        key=lambda system: goodness(means[system][1], column.direction) - goodness(means[system][0], column.direction),
    )
    own, other = means[nearest]
    better = sum(goodness(one, column.direction) > goodness(two, column.direction) for one, two in pairs[nearest])
    words = [column.text(own), "against", column.text(other), *column.unit.split()]
    cases = count_text(len(pairs[nearest]), "case")
    return Verdict(
        code="better-than-baselines",
        question=question,
        outcome="pass"
        if all(goodness(one, column.direction) > goodness(two, column.direction) for one, two in means.values())
        else "fail",
        reason=f"{' '.join(words)} for the best baseline, {nearest}; better in {better} of {cases}",
        numbers={"translated": own, "baseline": other, "better": better, "cases": len(pairs[nearest])},
    )


def not_comparable(heads: Sequence[Column]) -> Verdict:
    """The metrics on which an image unlike the target can be good."""
    return Verdict(
        code="not-comparable",
        question=f"Better than every baseline on {', '.join(head.label for head in heads)}?",
        outcome="not assessable",
        reason="an image unlike the target can have a good value (texture, sharpness, shared information)",
    )


def is_significant(scores: Sequence[Score], column: Column) -> Verdict:
    """Whether the paired test over subjects finds the translation better, or worse, than each baseline."""
    code, question = "significant", f"Is the improvement in {column.label} statistically significant across subjects?"
    values = _by_system(scores, column)
    n = len(next(iter(values.values()), {}))
    if n < MIN_SUBJECTS_FOR_TEST or len(values) < 2:
        few = f"n = {count_text(n, 'subject')}; below {MIN_SUBJECTS_FOR_TEST} no paired test can reach p < {LEVEL:g}"
        reason = few if len(values) > 1 else "no baseline was scored"
        return Verdict(code=code, question=question, outcome="not assessable", reason=reason)
    first, *others = holm({column.metric: rank_systems(values, column.direction)})[column.metric]
    own = [line for line in others if line.system == TRANSLATED]
    nearest = max(own or others, key=lambda line: 1.0 if math.isnan(line.p) else line.p)
    significant = all(line.p < LEVEL for line in own or others)
    outcome: Outcome = "not assessable" if not significant else "fail" if own else "pass"
    ends = (nearest.difference, nearest.difference_low, nearest.difference_high)
    difference, low, high = map(column.text, ends)
    direction, rival = ("worse", first.system) if own else ("better", nearest.system)
    words = f"n = {n}: {direction} than {rival}, difference {difference} ({low} … {high}) {column.unit}"
    numbers = {"n": n, "difference": ends[0], "low": ends[1], "high": ends[2], "p": nearest.p}
    reason = f"{words.strip()}, p = {nearest.p:.2g} (Holm)"
    return Verdict(code=code, question=question, outcome=outcome, reason=reason, numbers=numbers)


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


def _assessed(scored: int, failed: int) -> Verdict:
    cases = scored + failed
    reason = f"{failed} of {cases} could not, with the reasons above" if failed else f"{cases} of {cases}"
    return Verdict(
        code="all-assessed",
        question="Could every case be assessed?",
        outcome="fail" if failed else "pass",
        reason=reason,
        numbers={"cases": cases, "failed": failed},
    )


def _without_baseline(question: str, scores: Sequence[Score]) -> Verdict:
    missing = "baseline" if TRANSLATED in systems(scores) else "translation"
    reason = f"no {missing} was scored"
    return Verdict(code="better-than-baselines", question=question, outcome="not assessable", reason=reason)


def _cases(structures: Sequence[Structure]) -> Mapping[str, list[str]]:
    """Name of a structure → its cases."""
    found: dict[str, list[str]] = {}
    for one in structures:
        found.setdefault(one.name, []).append(one.case)
    return found


def _by_system(scores: Sequence[Score], column: Column) -> dict[str, dict[str, float]]:
    """System → subject → value, for subjects for which all have a finite value; the translation first."""
    found = {
        system: by_subject(
            [
                (s.subject, s.value)
                for s in scores
                if (s.system, s.metric) == (system, column.metric) and math.isfinite(s.value)
            ]
        )
        for system in systems(scores)
    }
    shared = [subject for subject in next(iter(found.values())) if all(subject in own for own in found.values())]
    return {system: {subject: own[subject] for subject in shared} for system, own in found.items()}
