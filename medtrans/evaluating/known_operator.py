"""Error of a restored image, relative to what a known linear degradation has measured.

    residual = ‖A y - A x‖ / ‖A x‖                      y the restored image, x the target
    null-space share = ‖N (y - x)‖² / ‖y - x‖²          N = 1 - A⁺ A

A residual above the noise of the measurement contradicts it. The null space is what was not measured: only an error in
it cannot be avoided by agreeing with the measurement. Schwab, Antholzer and Haltmeier, Inverse Problems 2019,
https://doi.org/10.1088/1361-6420/aaf14a
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from medtrans import degradations
from medtrans.core.degradation import LinearDegradation
from medtrans.core.volume import Volume
from medtrans.degradations._combinations import Record


@dataclass(frozen=True)
class OperatorErrors:
    """Both without a unit, from 0 on; a share is at most 1."""

    residual: float
    null_space_share: float


def operator_errors(record: Record, restored: Volume, target: Volume) -> OperatorErrors | None:
    """The errors by the degradation that a record holds; None where it is no single linear one.

    Volumes on one grid, in one unit. The share of an image without an error is 0.
    """
    known = _linear(record)
    if known is None:
        return None
    degradation, parameters = known
    x, error = target.voxels.astype(np.float64), restored.voxels.astype(np.float64) - target.voxels
    measured, wrong = (np.linalg.norm(degradation.measure(some, target, **parameters)) for some in (x, error))
    total = float((error**2).sum())
    unseen = degradation.null_space(error, target, **parameters) if total else error
    return OperatorErrors(float(wrong / measured), float((unseen**2).sum()) / total if total else 0.0)


def _linear(record: Record) -> tuple[LinearDegradation, dict[str, Any]] | None:
    if len(record) != 1:
        return None
    degradation = degradations.load(record[0]["name"])()
    return (degradation, record[0]["parameters"]) if isinstance(degradation, LinearDegradation) else None
