"""Scores of a predicted standard deviation against the error of the translation.

The number of samples behind it stands in the label of each score, `calibration[samples=8]`: of few samples even a
perfect one is uncertain, and the metrics allow for that.
"""

from __future__ import annotations

import math
from pathlib import Path

from medtrans.core.errors import InputRefused
from medtrans.core.score import TRANSLATED, MetricId, Score
from medtrans.core.volume import Volume
from medtrans.evaluating.image_scores import Arrays
from medtrans.evaluating.input_checks import refuse_not_finite, refuse_other_channels, refuse_other_grid
from medtrans.evaluating.metric_specs import clause_of
from medtrans.metrics import uncertainty
from medtrans.reading.sidecars import read_sidecar

METRICS = {name: uncertainty.load(name)() for name in uncertainty.names()}
CLAUSES = tuple(clause_of(name, metric) for name, metric in METRICS.items())
"""Their definitions: part of the definition of scores that contain them."""


def score_uncertainty(
    translated: Volume,
    target: Volume,
    deviation: Volume,
    mask: Volume | None,
    *,
    samples: int | None = None,
    case: str = "",
    subject: str = "",
) -> list[Score]:
    """Every uncertainty metric of `deviation`, the standard deviation of `samples` in the unit of the translation.

    Volumes on one grid; `mask` counts where it is above 0, None counts every voxel. `samples` None takes the standard
    deviation as exact. Raises GridMismatch, InputRefused.
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
            value, note = metric(error, deviations, samples), metric.remark(error, deviations, samples)
        except InputRefused as reason:
            value, note = math.nan, reason.what
        whose = name, subject or name, TRANSLATED
        settings = (("samples", str(samples)),) if samples else ()
        scores.append(Score(*whose, MetricId(label, settings), value, metric.unit, metric.direction, note))
    return scores


def read_samples(sidecar: Path) -> int | None:
    """Number of samples of the standard deviation beside a translation, from its sidecar; None where it is unknown, and
    where the standard deviation was calibrated, which allows for their number.

    Raises InputRefused where the sidecar is damaged.
    """
    facts = read_sidecar(sidecar)
    samples = None if "calibration" in facts else (facts.get("uncertainty") or {}).get("samples")
    return samples if isinstance(samples, int) and not isinstance(samples, bool) and samples > 1 else None
