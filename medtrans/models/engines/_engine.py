"""Engine: makes a function from windows to translated windows, of a method, for windows of one shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

Precision = Literal["float32", "bfloat16"]
PRECISIONS = ("float32", "bfloat16")

Predict = Callable[[Tensor], Tensor]
"""(batch, channel, *space) → (batch, target channel, *space)."""
InUnit = Callable[[np.ndarray], np.ndarray]
"""Normalised values of the target → values in its unit."""


@dataclass(frozen=True)
class EngineUsed:
    """What computed a translation, and how far its values are from those of torch in float32."""

    name: str
    version: str
    precision: str
    reason: str = ""
    """Why it is torch where OpenVINO was to be taken if possible."""
    largest_difference: float | None = None
    """In the unit of the target, over one window of the volume; None for torch in float32 itself."""
    mean_difference: float | None = None
    compared: tuple[int, ...] = ()
    """Voxels of that window."""


class Engine(Protocol):
    """Belongs to one method; what it makes for a shape is kept, so that many volumes cost one conversion."""

    precision: Precision

    def ready(
        self, method: Any, conditions: Sequence[float], example: Tensor, in_unit: InUnit
    ) -> tuple[Predict, EngineUsed]:
        """`method.translate` for windows of the shape of `example`, (1, channel, *space), from the volume itself.

        Their last channels are noise, where the method takes some. Raises ModelRefused.
        """
        ...


def translation(method: Any, conditions: Sequence[float]) -> Predict:
    """`method.translate` in torch, for windows whose last channels are noise, under the same conditions for all."""

    def translate(windows: Tensor) -> Tensor:
        source, noise = windows.split([windows.shape[1] - method.noise_channels, method.noise_channels], dim=1)
        condition = torch.tensor([conditions] * len(windows), device=windows.device) if conditions else None
        extra = {"noise": noise} if method.noise_channels else {}
        translated: Tensor = method.translate(source, condition, **extra)
        return translated

    return translate


class Network(nn.Module):
    """`method.translate` under some conditions as a module in eval mode, which can be traced."""

    def __init__(self, method: Any, conditions: Sequence[float]) -> None:
        super().__init__()
        self.method, self.conditions = method, tuple(conditions)
        self.eval()

    def forward(self, source: Tensor) -> Tensor:
        condition = torch.tensor([self.conditions]) if self.conditions else None
        translated: Tensor = self.method.translate(source, condition)
        return translated


def differences(one: Predict, reference: Predict, window: Tensor, in_unit: InUnit) -> tuple[float, float]:
    """Largest and mean absolute difference of two functions on a window, in the unit of the target."""
    with torch.inference_mode():
        values = [in_unit(predict(window).float().cpu().numpy().astype(np.float64)) for predict in (one, reference)]
    difference = np.abs(values[0] - values[1])
    return float(difference.max()), float(difference.mean())


def central(window: Tensor, sides: Sequence[int]) -> Tensor:
    """The middle of a window (batch, channel, *space), of these sides."""
    for axis, side in enumerate(sides, 2):
        window = window.narrow(axis, (window.shape[axis] - side) // 2, side)
    return window.contiguous()
