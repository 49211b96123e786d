"""Verdicts against baselines: better in these cases, and better by a paired test over subjects.

Better than *every* baseline is one claim (an intersection-union test): it holds where Wilcoxon's signed-rank test finds
the translation better than each of them, so that the largest p counts and baselines need no correction. Several primary
metrics are several claims: their p are corrected by Holm. Worse than *some* baseline is corrected over the baselines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from medtrans.core.finding import Verdict
from medtrans.core.score import TRANSLATED, Score
from medtrans.evaluating.columns import Column, count_text, goodness, paired, systems
from medtrans.evaluating.statistics.intervals import Estimate
from medtrans.evaluating.statistics.paired import difference, needed_subjects, signed_rank
from medtrans.evaluating.statistics.ranking import holm_corrected
from medtrans.evaluating.statistics.summary import by_subject

LEVEL = 0.05


def beats_baselines(scores: Sequence[Score], column: Column) -> Verdict:
    """Whether the mean of a metric is better than that of every baseline, over the cases that both have a value for."""
    code, question = "better-than-baselines", f"Better than every baseline on {column.label}, in these cases?"
    if len(systems(scores)) < 2 or TRANSLATED not in systems(scores):
        return without_baseline(question, scores)
    pairs = {system: paired(scores, system, column.metric) for system in systems(scores)[1:]}
    missing = next((system for system, values in pairs.items() if not values), "")
    if missing:
        reason = f"“{missing}” shares no scored case with the translation"
        return Verdict(code=code, question=question, outcome="not assessable", reason=reason)
    means = {
        system: (fmean(own for own, _ in values), fmean(other for _, other in values))
        for system, values in pairs.items()
    }
    gains = {
        system: goodness(own, column.direction) - goodness(other, column.direction)
        for system, (own, other) in means.items()
    }
    nearest = min(gains, key=lambda system: gains[system])
    own, other = means[nearest]
    better = sum(goodness(one, column.direction) > goodness(two, column.direction) for one, two in pairs[nearest])
    words = [column.text(own), "against", column.text(other), *column.unit.split()]
    cases = count_text(len(pairs[nearest]), "case")
    return Verdict(
        code=code,
        question=question,
        outcome="pass" if gains[nearest] > 0 else "fail",
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


def without_baseline(question: str, scores: Sequence[Score]) -> Verdict:
    """Where there is nothing to be compared."""
    missing = "baseline" if TRANSLATED in systems(scores) else "translation"
    reason = f"no {missing} was scored"
    return Verdict(code="better-than-baselines", question=question, outcome="not assessable", reason=reason)


def significance(scores: Sequence[Score], columns: Sequence[Column]) -> list[Verdict]:
    """For each of the primary metrics, whether the paired test over subjects finds the translation better, or worse."""
    found = [_differences(scores, column) for column in columns]
    better = holm_corrected([one.largest_p for one in found])
    return [_verdict(one, p, len(columns)) for one, p in zip(found, better, strict=True)]


@dataclass(frozen=True)
class _Differences:
    """Of one metric: baseline → differences to the translation over `n` subjects, above 0 where that is better."""

    column: Column
    n: int
    by_baseline: Mapping[str, np.ndarray]

    @property
    def largest_p(self) -> float:
        """p of being better than every baseline: 1 where one is not worse, nan where there is no test."""
        ps = [signed_rank(d) if difference(d).value > 0 else 1.0 for d in self.by_baseline.values()]
        return max(ps, default=math.nan) if self.n >= needed_subjects(1) else math.nan

    def worse(self) -> dict[str, float]:
        """Baselines that are better than the translation, with their p corrected over all baselines."""
        ps = holm_corrected([signed_rank(d) for d in self.by_baseline.values()])
        found = zip(self.by_baseline.items(), ps, strict=True)
        return {name: p for (name, d), p in found if p < LEVEL and difference(d).value < 0}

    def nearest(self) -> str:
        """The baseline that the translation is least ahead of."""
        return min(self.by_baseline, key=lambda name: difference(self.by_baseline[name]).value)


def _differences(scores: Sequence[Score], column: Column) -> _Differences:
    values = _by_system(scores, column)
    own = values.pop(TRANSLATED, {})
    sign = 1 if column.direction == "higher" else -1
    found = {name: np.array([sign * (own[s] - one[s]) for s in own]) for name, one in values.items() if own}
    return _Differences(column, len(own), found)


def _verdict(found: _Differences, p: float, family: int) -> Verdict:
    column, n = found.column, found.n
    code, question = "significant", f"Is the improvement in {column.label} statistically significant across subjects?"
    needed = needed_subjects(family)
    if not found.by_baseline or n < needed:
        tests = f"a family of {count_text(family, 'primary metric')} needs {needed} for p < {LEVEL:g}"
        reason = f"n = {count_text(n, 'subject')}; {tests}" if found.by_baseline else "no baseline was scored"
        return Verdict(
            code=code, question=question, outcome="not assessable", reason=reason, numbers={"needed": needed}
        )
    worse = found.worse()
    rival = min(worse, key=lambda name: worse[name]) if worse else found.nearest()
    estimate = difference(found.by_baseline[rival])
    p = worse[rival] if worse else p
    direction = "worse" if estimate.value < 0 else "better"
    words = f"n = {n}: {direction} than {rival}, difference {_words(estimate, column)}, p = {p:.2g}"
    count = count_text(len(found.by_baseline), "baseline")
    correction = f"Holm over {count}" if worse else f"the largest of {count}"
    return Verdict(
        code=code,
        question=question,
        outcome="fail" if worse else "pass" if p < LEVEL else "not shown",
        reason=f"{words} ({correction}; {count_text(family, 'primary metric')}, which needs n = {needed})",
        numbers={"n": n, "needed": needed, "difference": estimate.value, "low": estimate.low, "high": estimate.high}
        | {"p": p},
    )


def _words(estimate: Estimate, column: Column) -> str:
    """Without a sign: the direction is said in words."""
    ends = [abs(estimate.value), estimate.low, estimate.high]
    if estimate.value < 0:
        ends = [abs(estimate.value), -estimate.high, -estimate.low]
    value, low, high = map(column.text, ends)
    return f"{value} ({low} … {high}) {column.unit}".strip()


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
