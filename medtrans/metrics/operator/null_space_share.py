"""Null-space share: the part of the squared error that the measurements do not depend on.

    ‖N (y - x)‖² / ‖y - x‖²,   N = 1 - A⁺ A            y the restored image, x the target

Only an error in the null space cannot be avoided by agreeing with the measurement: at 1 the restored image agrees with
it, at 0 all of the error contradicts it. Schwab, Antholzer and Haltmeier, Inverse Problems 2019,
https://doi.org/10.1088/1361-6420/aaf14a
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.known_operator import KnownOperator
from medtrans.core.metric import OperatorMetric
from medtrans.core.score import Direction


@dataclass(frozen=True, kw_only=True)
class NullSpaceShare(OperatorMetric):
    direction: ClassVar[Direction] = "higher"

    def __call__(self, error: np.ndarray, target: np.ndarray, operator: KnownOperator) -> float:
        """From 0 to 1. Raises InputRefused where there is no error."""
        total = float((error * error).sum())
        if not total:
            raise InputRefused("translated", "equals its target, so there is no error to share out", "nothing to do")
        unseen = operator.null_space(error)
        return float((unseen * unseen).sum()) / total
