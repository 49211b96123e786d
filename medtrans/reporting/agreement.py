"""Do translations and targets agree in what they are read for? Bland-Altman plots, one point a subject."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from medtrans.evaluating.measurements import Measurement
from medtrans.evaluating.statistics.agreement import Limits, bland_altman
from medtrans.evaluating.statistics.intervals import FEWEST_FOR_INTERVAL, Estimate
from medtrans.evaluating.statistics.ranking import by_subject
from medtrans.reporting.charts import agreement_chart
from medtrans.reporting.tables import decimals


@dataclass(frozen=True)
class Agreement:
    """One quantity of all subjects: a chart, and its bias and limits in words."""

    name: str
    unit: str
    n: int
    chart: str
    words: str


def agreements(found: Sequence[Measurement]) -> list[Agreement]:
    """In the order in which quantities first appear; those that are not finite are left out and counted."""
    names = dict.fromkeys((one.name, one.unit) for one in found)
    return [_agreement(name, unit, [one for one in found if one.name == name]) for name, unit in names]


def _agreement(name: str, unit: str, found: Sequence[Measurement]) -> Agreement:
    target, translated = (_per_subject((one.subject, getattr(one, side)) for one in found) for side in SIDES)
    finite = np.isfinite(target) & np.isfinite(translated)
    target, translated = target[finite], translated[finite]
    n = len(target)
    limits = bland_altman(translated, target) if n >= FEWEST_FOR_INTERVAL else None
    chart = agreement_chart((target + translated) / 2, translated - target, limits, unit, name=name) if n else ""
    lost = f" {len(finite) - n} subjects have no finite value." if n < len(finite) else ""
    return Agreement(name, unit, n, chart, (_words(limits, translated - target, unit) + lost) if n else lost.strip())


SIDES = ("target", "translated")


def _per_subject(values: Iterable[tuple[str, float]]) -> np.ndarray:
    return np.array(list(by_subject(list(values)).values()))


def _words(limits: Limits | None, differences: np.ndarray, unit: str) -> str:
    digits = decimals(differences.tolist())
    if limits is None:
        bias = f"{differences.mean():+.{digits}f}".replace("-", "−")
        return f"Mean difference {bias} {unit}; below {FEWEST_FOR_INTERVAL} subjects there are no limits of agreement."

    def told(estimate: Estimate) -> str:
        ends = (estimate.value, estimate.low, estimate.high)
        value, low, high = (f"{end:+.{digits}f}".replace("-", "−") for end in ends)
        return f"{value} ({low} … {high})"

    ends = f"{told(limits.lower)} and {told(limits.upper)}"
    return f"Bias {told(limits.bias)}, limits of agreement {ends} {unit}; 95 % intervals in brackets."
