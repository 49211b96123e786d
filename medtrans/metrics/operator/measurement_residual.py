"""Measurement residual: by how much the image, degraded again, differs from what was measured of the target.

    ‖A y - A x‖ / ‖A x‖            y the restored image, x the target

A residual above the noise of the measurement contradicts it. It is 0 for many images unlike the target.
Adler and Öktem, Inverse Problems 2017, https://doi.org/10.1088/1361-6420/aa9581
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.known_operator import KnownOperator
from medtrans.core.metric import OperatorMetric


@dataclass(frozen=True, kw_only=True)
class MeasurementResidual(OperatorMetric):
    def __call__(self, error: np.ndarray, target: np.ndarray, operator: KnownOperator) -> float:
        """From 0 on. Raises InputRefused where nothing was measured of the target."""
        of_error, of_target = (float(np.linalg.norm(operator.measure(image))) for image in (error, target))
        if not of_target:
            raise InputRefused("target", "has no signal in the measurements of the degradation", "check the record")
        return of_error / of_target
