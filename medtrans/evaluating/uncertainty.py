"""Scores of a predicted standard deviation against the error of the translation."""

from __future__ import annotations

import math

from medtrans.core.errors import InputRefused
from medtrans.core.score import TRANSLATED, MetricId, Score
from medtrans.core.volume import Volume
from medtrans.evaluating.image_scores import Arrays
from medtrans.evaluating.input_checks import refuse_not_finite, refuse_other_channels, refuse_other_grid
from medtrans.evaluating.metric_specs import clause_of
from medtrans.metrics import uncertainty

METRICS = {name: uncertainty.load(name)() for name in uncertainty.names()}
CLAUSES = tuple(clause_of(name, metric) for name, metric in METRICS.items())
"""Their definitions: part of the definition of scores that contain them."""


def score_uncertainty(
    translated: Volume, target: Volume, deviation: Volume, mask: Volume | None, *, case: str = "", subject: str = ""
) -> list[Score]:
    """Every uncertainty metric of `deviation`, the standard deviation in the unit of the translation.

    Volumes on one grid; `mask` counts where it is above 0, None counts every voxel. Raises GridMismatch, InputRefused.
    """
    name = case or "case"
    pair = Arrays.of(translated, target, mask, name)
    refuse_other_grid(name, target, "uncertainty", deviation)
    refuse_other_channels(name, target, "uncertainty", deviation)
    for role, voxels in (("translated", pair.translated), ("target", pair.target), ("uncertainty", deviation.voxels)):
        refuse_not_finite(name, role, voxels, pair.mask)
    error = (pair.translated - pair.target)[:, pair.mask].ravel()
    deviations = deviation.voxels[:, pair.mask].ravel()
    scores = []
    for label, metric in METRICS.items():
        try:
            value, note = metric(error, deviations), metric.remark(error, deviations)
        except InputRefused as reason:
            value, note = math.nan, reason.what
        whose = name, subject or name, TRANSLATED
        scores.append(Score(*whose, MetricId(label), value, metric.unit, metric.direction, note))
    return scores
