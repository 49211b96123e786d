"""One structure in two label maps, that of a translation and that of the target: overlap, distance, volume.

Dice, HD95 and surface Dice as in metrics/image/_overlap.py;    volume error = |V - V_real| in ml and in % of V_real

A structure of which the other map holds less than a tenth in its place is missed, however much it holds elsewhere; one
that only the other map has is invented. What one map lacks altogether has Dice 0, surface Dice 0 and the diagonal of
the volume as HD95: MONAI's mean leaves it out of HD95 (nan), and a loop over the classes of the target alone does not
count what is invented. What neither map has is nan.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import fmean

import numpy as np

from medtrans.core.measurement import Structure
from medtrans.core.score import MetricId, Score
from medtrans.evaluating.segmentation.class_metrics import COUNTS, MEAN, MEANS, OF_CLASSES, REMARKS
from medtrans.metrics.image._overlap import dice, percentile95, share_within, surface_distances, volume_ml


def structure(
    segmented: np.ndarray,
    real: np.ndarray,
    spacing: Sequence[float],
    tolerance: float,
    whose: tuple[str, str, str],
    name: str,
) -> Structure:
    """Of two masks (i, j, k); `spacing` and `tolerance` in mm, `whose`: case, subject and system."""
    case, subject, system = whose
    sizes = volume_ml(segmented, spacing), volume_ml(real, spacing)
    found = Structure(case, subject, system, name, *sizes)
    if not any(sizes):
        return found
    distances = surface_distances(segmented, real, spacing)
    return replace(
        found,
        dice=dice(segmented, real),
        hd95=percentile95(distances),
        surface_dice=share_within(distances, tolerance),
    )


def scores_of(structures: Iterable[Structure]) -> list[Score]:
    """Of each case and system the means and counts over its classes, then the scores of each class."""
    groups: dict[tuple[str, str, str], list[Structure]] = {}
    for one in structures:
        groups.setdefault((one.case, one.subject, one.system), []).append(one)
    scores = []
    for whose, group in groups.items():
        scores += _over_classes(whose, group)
        scores += [score for one in group for score in _of_class(whose, one)]
    return scores


def present(structures: Sequence[Structure]) -> tuple[list[Structure], list[str]]:
    """Without the classes that no map of any case has, and their names."""
    there = {one.name for one in structures if one.found != "neither"}
    absent = dict.fromkeys(one.name for one in structures if one.name not in there)
    return [one for one in structures if one.name in there], list(absent)


def _of_class(whose: tuple[str, str, str], one: Structure) -> list[Score]:
    """One score for each metric of a class."""
    note = f"{one.name}: {REMARKS[one.found]}" if one.found in REMARKS else ""
    return [
        Score(*whose, MetricId(name, region=one.name), float(getattr(one, name)), *facts, note)
        for name, facts in OF_CLASSES.items()
    ]


def _over_classes(whose: tuple[str, str, str], group: Sequence[Structure]) -> list[Score]:
    """Means over the classes that at least one of both maps has; how many are missed and invented, and which."""
    there, scores = [one for one in group if one.found != "neither"], []
    for name in MEANS:
        value = fmean(getattr(one, name) for one in there) if there else math.nan
        note = "" if there else "no class in either map"
        scores.append(Score(*whose, MetricId(name, region=MEAN), value, *OF_CLASSES[name], note))
    for kind in ("missed", "invented"):
        names = [one.name for one in group if one.found == kind]
        note = f"{REMARKS[kind]}: {', '.join(names)}" if names else ""
        metric = f"{kind}_structures"
        scores.append(Score(*whose, MetricId(metric), float(len(names)), *COUNTS[metric], note))
    return scores
