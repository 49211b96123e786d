"""One structure in two label maps, that of a translation and the real one: overlap, distance, volume.

    Dice, HD95 and surface Dice as in metrics/overlap.py;    volume error = |V - V_real| in ml and in % of V_real

A structure of which the other map holds less than a tenth of its real volume is missed, one that only the other has is
invented. What one map lacks altogether has Dice 0, surface Dice 0 and the diagonal of the volume as HD95: MONAI's mean
leaves it out of HD95 (nan), and a loop over the real classes alone never sees what is invented. What neither map has is
nan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from medtrans import metrics
from medtrans.core.metric import Direction, Score
from medtrans.metrics.image._overlap import dice, percentile95, share_within, surface_distances, volume_ml

KINDS: dict[str, tuple[str, Direction]] = {
    "dice": ("", "higher"),
    "hd95": ("mm", "lower"),
    "surface_dice": ("", "higher"),
    "volume_error": ("ml", "lower"),
    "volume_error_percent": ("%", "lower"),
    "classes": ("", "lower"),
}
"""What stands before the bracket of a metric's name, as in dice[liver] → its unit, and which values are better."""
MEANS = ("dice", "hd95", "surface_dice")
LEAST = 0.1
"""Of its real volume: of what less is found is missed. A voxel or two are no organ found."""
SAID = {
    "neither": "in neither label map",
    "missed": f"missed (less than {LEAST:.0%} of it found), though in the target",
    "invented": "invented, not in the target",
}


@dataclass(frozen=True)
class Structure:
    """One class of one case: of the map of `who` beside the real one. nan where neither map has it."""

    case: str
    subject: str
    system: str
    name: str
    ml: float
    real_ml: float
    dice: float = math.nan
    hd95: float = math.nan
    """Mm."""
    surface_dice: float = math.nan

    @property
    def volume_error(self) -> float:
        """Ml."""
        return math.nan if self.found == "neither" else abs(self.ml - self.real_ml)

    @property
    def volume_error_percent(self) -> float:
        """Of the real volume; nan where there is none."""
        return 100 * self.volume_error / self.real_ml if self.real_ml else math.nan

    @property
    def found(self) -> str:
        """In "both" maps, "neither", or (nearly) "missed" or "invented" by the other."""
        if self.real_ml:
            return "missed" if self.ml < LEAST * self.real_ml else "both"
        return "invented" if self.ml else "neither"

    def scores(self) -> list[Score]:
        """One for each kind, its metric named as in dice[liver]."""
        whose = self.case, self.subject, self.system
        note = f"{self.name}: {SAID[self.found]}" if self.found in SAID else ""
        return [
            Score(*whose, f"{kind}[{self.name}]", getattr(self, kind), *facts, note)
            for kind, facts in KINDS.items()
            if kind != "classes"
        ]


def structure(
    made: np.ndarray,
    real: np.ndarray,
    spacing: Sequence[float],
    tolerance: float,
    whose: tuple[str, str, str],
    name: str,
) -> Structure:
    """Of two masks (i, j, k); `spacing` and `tolerance` in mm, `whose`: case, subject and competitor."""
    case, subject, system = whose
    sizes = volume_ml(made, spacing), volume_ml(real, spacing)
    found = Structure(case, subject, system, name, *sizes)
    if not any(sizes):
        return found
    apart = surface_distances(made, real, spacing)
    return replace(found, dice=dice(made, real), hd95=percentile95(apart), surface_dice=share_within(apart, tolerance))


def scores_of(structures: Iterable[Structure]) -> list[Score]:
    """Of each case and competitor the means and counts over its classes, then the scores of each class."""
    groups: dict[tuple[str, str, str], list[Structure]] = {}
    for one in structures:
        groups.setdefault((one.case, one.subject, one.system), []).append(one)
    scores = []
    for whose, group in groups.items():
        scores += _over_classes(whose, group)
        scores += [score for one in group for score in one.scores()]
    return scores


def _over_classes(whose: tuple[str, str, str], group: Sequence[Structure]) -> list[Score]:
    """Means over the classes that at least one of both maps has; how many are missed and invented, and which."""
    there, scores = [one for one in group if one.found != "neither"], []
    for kind in MEANS:
        value = fmean(getattr(one, kind) for one in there) if there else math.nan
        scores.append(Score(*whose, f"{kind}[mean]", value, *KINDS[kind], "" if there else "no class in either map"))
    for kind in ("missed", "invented"):
        names = [one.name for one in group if one.found == kind]
        note = f"{SAID[kind]}: {', '.join(names)}" if names else ""
        scores.append(Score(*whose, f"classes[{kind}]", len(names), *KINDS["classes"], note))
    return scores


def present(structures: Sequence[Structure]) -> tuple[list[Structure], list[str]]:
    """Without the classes that no map of any case has, and their names."""
    there = {one.name for one in structures if one.found != "neither"}
    absent = dict.fromkeys(one.name for one in structures if one.name not in there)
    return [one for one in structures if one.name in there], list(absent)


def is_single_class(metric: str) -> bool:
    """Whether its name says a class, as dice[liver] does, and dice[mean] and classes[missed] do not."""
    return is_segmentation(metric) and not metric.startswith("classes[") and not metric.endswith("[mean]")


def is_segmentation(metric: str) -> bool:
    """Whether a metric is one of this file: of a class, or over all."""
    kind, _, name = metric.partition("[")
    return kind in KINDS and bool(name)


def direction(metric: str) -> Direction:
    """Which way a metric counts, of this file or of the family. Raises UsageError."""
    return KINDS[metric.partition("[")[0]][1] if is_segmentation(metric) else metrics.direction(metric)
