"""Columns of score tables: label, unit, direction and number format of each metric; systems, and paired values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from medtrans.core.score import TRANSLATED, Definition, Direction, Evaluation, MetricId, Score
from medtrans.evaluating.baselines import COPIED_SOURCE
from medtrans.evaluating.training_baselines import INTENSITY_LOOKUP

ARROWS: dict[Direction, str] = {"lower": "↓", "higher": "↑"}
ACRONYMS = ("mae", "psnr", "ssim", "nmi", "ncc", "nmse", "snr", "cnr", "mtf", "ms", "hd95", "rmse")
CLASS_LABELS = {
    ("dice", "mean"): "Mean Dice",
    ("hd95", "mean"): "Mean HD95",
    ("surface_dice", "mean"): "Mean surface Dice",
    ("missed_structures", ""): "Missed structures",
    ("invented_structures", ""): "Invented structures",
}
"""(name, region) of the scores over all classes of a label map → column heading."""


@dataclass(frozen=True)
class Column:
    """One metric of a table: heading, unit, direction and decimal places."""

    metric: MetricId
    unit: str
    direction: Direction
    decimals: int

    @property
    def label(self) -> str:
        """Heading."""
        return metric_label(self.metric)

    @property
    def arrow(self) -> str:
        """Arrow towards better values."""
        return ARROWS[self.direction]

    def text(self, value: float) -> str:
        """The value with the decimal places of the column."""
        if math.isnan(value):
            return "nan"
        return number_text(value, self.decimals).replace("inf", "∞")


def columns(scores: Sequence[Score]) -> list[Column]:
    """One per metric, in their order of appearance."""
    groups: dict[MetricId, list[Score]] = {}
    for score in scores:
        groups.setdefault(score.metric, []).append(score)
    digits = {metric: decimals(score.value for score in own) for metric, own in groups.items()}
    return [Column(metric, own[0].unit, own[0].direction, digits[metric]) for metric, own in groups.items()]


def metric_label(metric: MetricId) -> str:
    """Heading of a metric, with the settings that differ from its defaults: "MS-SSIM", "Tissue error[tissue=bone]"."""
    words = metric.name.split("_")
    acronym = any(word in ACRONYMS for word in words)
    name = "-".join(words).upper() if acronym else " ".join(words).capitalize()
    label = MetricId(name, metric.settings, metric.region).label
    return CLASS_LABELS.get((metric.name, metric.region), label)


def systems(scores: Iterable[Score]) -> list[str]:
    """The translation, then the baselines in their order of appearance."""
    return sorted(dict.fromkeys(score.system for score in scores), key=lambda system: system != TRANSLATED)


def scored_definition(evaluation: Evaluation) -> Definition:
    """The definition without the clauses of baselines that were not scored."""
    unscored = {COPIED_SOURCE, INTENSITY_LOOKUP} - {score.system for score in evaluation.scores}
    definition = evaluation.definition
    return replace(definition, clauses=tuple(one for one in definition.clauses if one.subject not in unscored))


def goodness(value: float, direction: Direction) -> float:
    """A number that is larger for better values; nan is worst."""
    if math.isnan(value):
        return -math.inf
    return value if direction == "higher" else -value


def decimals(values: Iterable[float]) -> int:
    """1 to 4 decimal places: four digits for a median magnitude from 10 on, three below."""
    sizes = [abs(value) for value in values if math.isfinite(value) and value]
    place = math.floor(math.log10(median(sizes))) if sizes else 2
    return min(max((3 if place > 0 else 2) - place, 1), 4)


def number_text(value: float, digits: int, sign: str = "") -> str:
    """A fixed number of decimal places, with a minus sign."""
    return f"{value:{sign}.{digits}f}".replace("-", "−")


def count_text(number: int, noun: str) -> str:
    """ "1 case", "2 cases"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def paired(scores: Iterable[Score], system: str, metric: MetricId) -> list[tuple[float, float]]:
    """(translation, baseline) of every case where both are finite."""
    values = {(s.case, s.system): s.value for s in scores if s.metric == metric and math.isfinite(s.value)}
    cases = [case for case, name in values if name == TRANSLATED and (case, system) in values]
    return [(values[case, TRANSLATED], values[case, system]) for case in cases]
