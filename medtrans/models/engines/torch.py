"""torch: the engine that takes every method, on every device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from medtrans.models.engines._engine import EngineUsed, InUnit, Precision, Predict, differences, translation


class Torch:
    """In bfloat16 convolutions and products are computed in that precision, and the rest in float32 (autocast)."""

    def __init__(self, precision: Precision = "float32", reason: str = "") -> None:
        self.precision, self.reason = precision, reason
        self._measured: tuple[float, float] | None = None
        self._compared: tuple[int, ...] = ()

    def ready(
        self, method: Any, conditions: Sequence[float], example: Tensor, in_unit: InUnit
    ) -> tuple[Predict, EngineUsed]:
        plain = translation(method, conditions)
        if self.precision == "float32":
            return plain, by_torch(self.reason)
        fast = _in_bfloat16(plain)
        if self._measured is None:
            self._measured, self._compared = differences(fast, plain, example, in_unit), tuple(example.shape[2:])
        return fast, EngineUsed("torch", torch.__version__, "bfloat16", self.reason, *self._measured, self._compared)


def by_torch(reason: str = "") -> EngineUsed:
    """torch in float32, and why it was taken."""
    return EngineUsed("torch", torch.__version__, "float32", reason)


def _in_bfloat16(predict: Predict) -> Predict:
    def fast(windows: Tensor) -> Tensor:
        with torch.autocast(windows.device.type, torch.bfloat16):
            return predict(windows)

    return fast
