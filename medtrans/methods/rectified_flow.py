"""Rectified flow: an ordinary differential equation with straight paths from noise, or from the source, to the target.

    y_t = (1 - t) y_0 + t y,    min_v  E | v(y_t, t, x) - (y - y_0) |²,    dy/dt = v(y_t, t, x)

x is the source, y the target; y_0 is noise, or x (a bridge: deterministic). Liu et al., ICLR 2023,
https://arxiv.org/abs/2209.03003, equation 1 and algorithm 1; also Lipman et al. (flow matching), ICLR 2023,
https://arxiv.org/abs/2210.02747. Published with a network of four levels, attention and group norm, and no source;
ours is smaller.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.settings import Settings
from medtrans.networks._settings import Denoiser
from medtrans.networks._slice_stack import middle_slices
from medtrans.networks.time_unet import TimeUNetSettings


@dataclass(frozen=True, kw_only=True)
class RectifiedFlowSettings(Settings):
    velocity: Denoiser = TimeUNetSettings()
    """The network v of the interpolated image, the time and the source."""
    start: Literal["noise", "source"] = "noise"
    """Distribution of y_0: noise gives random translations, source (its middle slice) a deterministic one."""
    solver: Literal["euler", "heun"] = "euler"
    """Solver of the differential equation; heun evaluates the network twice a step."""
    steps: Annotated[int, Ge(1)] = 10
    """Steps of the solver; straighter paths need fewer."""


class RectifiedFlow(Method):
    """One player. The loss covers all voxels, air too, since each step takes the whole image of the last one."""

    Settings = RectifiedFlowSettings
    PUBLISHED = RectifiedFlowSettings(
        velocity=TimeUNetSettings(channels=(128, 256, 256, 256), blocks=4, attention=True, norm="group")
    )

    def __init__(self, task: Task, settings: RectifiedFlowSettings) -> None:
        super().__init__(task, settings)
        source, target = task.source_channels, task.target_channels
        self.velocity = settings.velocity.build(task.spatial_dims, target + source, target)
        self.divisor = settings.velocity.divisor
        if settings.start == "source":
            self.middle = middle_slices(task)
        else:
            self.noise_channels = target

    def players(self) -> dict[str, list[nn.Module]]:
        return {"velocity": [self.velocity]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y, t = batch.source, batch.target, batch.uniform(key=1)
        start = self._start(x, batch.normal(self.noise_channels, *y.shape[2:]))
        fraction = t.view(-1, *[1] * (y.ndim - 1))
        velocity = self._velocity((1 - fraction) * start + fraction * y, t, x)
        yield "velocity", {"l2": mse_loss(velocity, y - start)}

    def translate(self, source: Tensor, condition: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        y, step = self._start(source, noise), 1 / self.settings.steps
        for number in range(self.settings.steps):
            t = torch.full((len(y),), number * step, device=y.device)
            v = self._velocity(y, t, source)
            if self.settings.solver == "heun":
                v = (v + self._velocity(y + step * v, t + step, source)) / 2
            y = y + step * v
        return y

    def _start(self, source: Tensor, noise: Tensor | None) -> Tensor:
        if self.settings.start == "source":
            return source[:, self.middle]
        assert noise is not None, "a method with noise_channels takes noise"
        return noise

    def _velocity(self, y: Tensor, t: Tensor, x: Tensor) -> Tensor:
        return self.velocity(torch.cat([y, x], dim=1), t)
