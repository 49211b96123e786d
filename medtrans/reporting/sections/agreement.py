"""Agreement of translation and target in measured quantities: Bland-Altman plots, one point per subject."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from medtrans.core.measurement import Measurement
from medtrans.evaluating.columns import count_text, decimals, number_text
from medtrans.evaluating.statistics.agreement import Limits, bland_altman
from medtrans.evaluating.statistics.intervals import MIN_SUBJECTS_FOR_INTERVAL, Estimate
from medtrans.evaluating.statistics.summary import by_subject
from medtrans.reporting.charts.agreement import agreement_chart
from medtrans.reporting.report import Section


@dataclass(frozen=True)
class Agreement:
    """One quantity of all subjects: a chart, and bias and limits of agreement as text."""

    name: str
    unit: str
    n: int
    chart: str
    text: str


def agreement_section(measurements: Sequence[Measurement]) -> Section | None:
    """One plot per quantity."""
    found = agreements(measurements)
    return Section("agreement", "Agreement", found) if found else None


def agreements(measurements: Sequence[Measurement]) -> list[Agreement]:
    """Quantities in their order of appearance; values that are not finite are left out and counted."""
    names = dict.fromkeys((one.name, one.unit) for one in measurements)
    return [_agreement(name, unit, [one for one in measurements if one.name == name]) for name, unit in names]


def _agreement(name: str, unit: str, measurements: Sequence[Measurement]) -> Agreement:
    target = _per_subject((one.subject, one.target) for one in measurements)
    translated = _per_subject((one.subject, one.translated) for one in measurements)
    finite = np.isfinite(target) & np.isfinite(translated)
    target, translated = target[finite], translated[finite]
    n, missing = len(target), int(np.sum(~finite))
    limits = bland_altman(translated, target) if n >= MIN_SUBJECTS_FOR_INTERVAL else None
    chart = agreement_chart((target + translated) / 2, translated - target, limits, unit, name=name) if n else ""
    parts = [_text(limits, translated - target, unit)] if n else []
    parts += [f"{count_text(missing, 'subject')} without a finite value."] if missing else []
    return Agreement(name, unit, n, chart, " ".join(parts))


def _per_subject(values: Iterable[tuple[str, float]]) -> np.ndarray:
    return np.array(list(by_subject(list(values)).values()))


def _text(limits: Limits | None, differences: np.ndarray, unit: str) -> str:
    digits = decimals(differences.tolist())
    if limits is None:
        bias, few = number_text(float(differences.mean()), digits, "+"), f"below {MIN_SUBJECTS_FOR_INTERVAL} subjects"
        return f"Mean difference {bias} {unit}; {few} there are no limits of agreement."

    def with_interval(estimate: Estimate) -> str:
        value, low, high = (number_text(end, digits, "+") for end in (estimate.value, estimate.low, estimate.high))
        return f"{value} ({low} … {high})"

    ends = f"{with_interval(limits.lower)} and {with_interval(limits.upper)}"
    return f"Bias {with_interval(limits.bias)}, limits of agreement {ends} {unit}; 95 % intervals in brackets."
