"""Rectified flow: an ordinary differential equation with straight paths from noise, or from the source, to the target.

    y_t = (1 - t) y_0 + t y,    min_v  E | v(y_t, t, x) - (y - y_0) |²,    dy/dt = v(y_t, t, x)
    t_k = 1 - (1 - k / N)²,     k = 0 … N                                    the N steps of the solver

x is the source, y the target; y_0 is noise, or x (a bridge: deterministic). Liu et al., ICLR 2023,
https://arxiv.org/abs/2209.03003, equation 1 and algorithm 1; also Lipman et al. (flow matching), ICLR 2023,
https://arxiv.org/abs/2210.02747. The more alike the targets of a source are, the faster the velocity changes with y_t
near t = 1; the steps become shorter there, since after evenly spaced ones samples differ too little. Published with
Euler's method, evenly spaced steps, a network of four levels, attention and group norm, and no source; ours is smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from medtrans.core.method import Batch, Estimate, Losses, Method, NoiseLevel, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
from medtrans.networks._settings import Denoiser
from medtrans.networks._slice_stack import middle_slices
from medtrans.networks.time_unet import TimeUNetSettings

FIRST_TIME = 0.02
"""Time of the first estimate where another one guides the flow: at t = 0 nothing of y is in y_t."""


@dataclass(frozen=True, kw_only=True)
class RectifiedFlowSettings(Settings):
    velocity: Denoiser = TimeUNetSettings()
    """The network v of the interpolated image, the time and the source."""
    start: Literal["noise", "source"] = "noise"
    """Distribution of y_0: noise gives random translations, source (its middle slice) a deterministic one."""
    solver: Literal["heun", "euler"] = "heun"
    """Solver of the differential equation. heun evaluates the network twice a step, but for the last, and 10 steps keep
    the standard deviation over samples; euler needs 50 for 0.85 of it, and is enough for a single translation."""
    steps: Annotated[int, Ge(1)] = 10
    """Steps of the solver; straighter paths need fewer."""


class RectifiedFlow(Method):
    """One player. The loss covers all voxels, air too, since each step takes the whole image of the last one."""

    Settings = RectifiedFlowSettings
    paper: ClassVar[str] = "Liu et al., ICLR 2023, https://arxiv.org/abs/2209.03003"
    PUBLISHED = RectifiedFlowSettings(
        velocity=TimeUNetSettings(channels=(128, 256, 256, 256), blocks=4, attention=True, norm="group"), solver="euler"
    )
    optimizer = OptimizerSettings(learning_rate=2e-4)
    """The authors' program (gnobitab/RectifiedFlow, default_cifar10_configs.py)."""

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

    @classmethod
    def terms(cls, settings: RectifiedFlowSettings) -> dict[str, Term]:
        text = f"mean squared error of the velocity from {settings.start} to target"
        return {"velocity/l2": Term(text, settings=("start",))}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y, t = batch.source, batch.target, batch.uniform(key=1)
        start = self._start(x, batch.normal(self.noise_channels, *y.shape[2:]))
        fraction = t.view(-1, *[1] * (y.ndim - 1))
        velocity = self._velocity((1 - fraction) * start + fraction * y, t, x)
        yield "velocity", {"l2": mse_loss(velocity, y - start)}

    def translate(self, source: Tensor, condition: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        return self._solve(self._start(source, noise), lambda y, t: self._velocity(y, t, source))

    def denoise(self, noisy: Tensor, source: Tensor, level: NoiseLevel) -> Tensor:
        """ŷ = y_t + (1 - t) v, the estimated target image of y_t."""
        t = torch.full((len(noisy),), level.time, device=noisy.device)
        return noisy + level.noise * self._velocity(noisy, t, source)

    def draw_with(self, noise: Tensor, estimate: Estimate) -> Tensor:
        """The image for `noise` by another estimate of y: v = (ŷ - y_t) / (1 - t)."""

        def velocity(y: Tensor, times: Tensor) -> Tensor:
            t = max(float(times[0]), FIRST_TIME)
            return (estimate(y, NoiseLevel(t, t, 1 - t)) - y) / (1 - t)

        return self._solve(noise, velocity)

    def _solve(self, y: Tensor, velocity: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """y at t = 1 from that at t = 0; `velocity` gets y_t and the times t (batch,)."""
        count = self.settings.steps
        for start, end in pairwise(1 - (1 - k / count) ** 2 for k in range(count + 1)):
            v = velocity(y, torch.full((len(y),), start, device=y.device))
            # Not at t = 1, where the network is not trained: the last step is Euler's.
            if self.settings.solver == "heun" and end < 1:
                ahead = velocity(y + (end - start) * v, torch.full((len(y),), end, device=y.device))
                v = (v + ahead) / 2
            y = y + (end - start) * v
        return y

    def _start(self, source: Tensor, noise: Tensor | None) -> Tensor:
        if self.settings.start == "source":
            return source[:, self.middle]
        assert noise is not None, "a method with noise_channels takes noise"
        return noise

    def _velocity(self, y: Tensor, t: Tensor, x: Tensor) -> Tensor:
        return self.velocity(torch.cat([y, x], dim=1), t)
