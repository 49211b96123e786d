"""Scores of a restored image against the measurements of a known linear degradation.

The degradation is known where the source was made from this very target, by the record in its sidecar.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.known_operator import KnownOperator
from medtrans.core.modality import find_modality
from medtrans.core.score import MetricId, Score
from medtrans.core.volume import Volume
from medtrans.degradations._record import known_operator, parse_record
from medtrans.evaluating.metric_specs import clause_of
from medtrans.metrics import operator
from medtrans.reading.names import sidecar_path
from medtrans.reading.sidecars import read_sidecar
from medtrans.reading.volumes import hash_volume

METRICS = {name: operator.load(name)() for name in operator.names()}
CLAUSES = tuple(clause_of(name, metric) for name, metric in METRICS.items())
"""Their definitions: part of the definition of scores that contain them."""


def read_operator(source: Path, target: Path, grid: Volume) -> KnownOperator | None:
    """The one linear degradation that made the source from the target, whose grid is given; None where it is unknown.

    Raises InputRefused where the sidecar of the source is damaged.
    """
    facts = read_sidecar(sidecar_path(source))
    if "degradations" not in facts or facts["inputs"][0]["sha256"] != hash_volume(target):
        return None
    return known_operator(parse_record(facts, str(sidecar_path(source))), grid)


def score_operator(
    systems: Mapping[str, Volume], target: Volume, known: KnownOperator, modality: str, *, case: str, subject: str
) -> list[Score]:
    """Every operator metric of each system, of all voxels; volumes in the unit of the target, on its grid."""
    truth = target.voxels.astype(np.float64)
    signal = truth - find_modality(modality).no_signal
    scores = []
    for system, volume in systems.items():
        error = volume.voxels - truth
        for name, metric in METRICS.items():
            try:
                if not np.isfinite(error).all():
                    raise InputRefused(case, "voxels are not finite, and a measurement mixes all of them", "check them")
                value, note = metric(error, signal, known), ""
            except InputRefused as reason:
                value, note = math.nan, reason.what
            scores.append(Score(case, subject, system, MetricId(name), value, metric.unit, metric.direction, note))
    return scores
