"""Noise schedule: forward diffusion and samplers, shared by image and latent diffusion.

    y_t = √ᾱ_t y + √(1 - ᾱ_t) ε,   ᾱ_t = Π (1 - β_s), s ≤ t = 0 … T - 1,     ε ~ N(0, I)
    β_0 … β_T-1 = 0.1 / T … 20 / T, linear; DDPM's for T = 1000               for every T, y_T-1 is almost only noise
    v   = √ᾱ_t ε - √(1 - ᾱ_t) y,   so that  ε = √ᾱ_t v + √(1 - ᾱ_t) y_t      the network predicts ε or v
    y_s = √ᾱ_s ŷ + √(1 - ᾱ_s) e,   ŷ = (y_t - √(1 - ᾱ_t) e) / √ᾱ_t           the step from t to s < t in direction e

    ddim   e = ε_t, the prediction at t
    pndm   e = (55 ε_t - 59 ε_t+h + 37 ε_t+2h - 9 ε_t+3h) / 24, of lower order in the first steps, h apart;
           at the first step e = (ε_t + ε_t-h) / 2, where ε_t-h is predicted after a step in direction ε_t

The level below t = 0 is the image itself, ᾱ = 1. Ho et al., NeurIPS 2020, https://arxiv.org/abs/2006.11239, equation 4;
v: Salimans & Ho, ICLR 2022, https://arxiv.org/abs/2202.00512, appendix D; DDIM: Song et al., ICLR 2021,
https://arxiv.org/abs/2010.02502, equation 12; PNDM: Liu et al., ICLR 2022, https://arxiv.org/abs/2202.09778, its linear
multistep, begun with one step of Heun's as in latent diffusion. Schedule and step are MONAI's; MONAI's own PNDM adds v
of different levels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from monai.networks.schedulers import DDIMScheduler
from torch import Tensor

from medtrans.core.errors import UsageError
from medtrans.core.settings import Settings

MULTISTEP = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))
"""Adams-Bashforth weights of the latest ε, the one before, …"""
Predict = Callable[[Tensor, Tensor], Tensor]
"""(y_t, times from 0 to 1 (batch,)) → prediction of the network."""


@dataclass(frozen=True, kw_only=True)
class NoiseScheduleSettings(Settings):
    prediction: Literal["v", "epsilon"] = "v"
    """Prediction target of the network; epsilon is DDPM's."""
    timesteps: Annotated[int, Gt(20)] = 1000
    """T, the number of noise levels in training."""
    steps: Annotated[int, Ge(2)] = 25
    """Steps of the sampler, evenly spaced; must divide `timesteps`. The first is at level T - T / steps, where no more
    than a tenth of the image may be left (√ᾱ ≤ 0.1)."""
    sampler: Literal["ddim", "pndm"] = "ddim"
    """ddim is of first order; pndm is of higher order and evaluates the network once more in all: it is closer to the
    exact solution where that is known, for normal images in 10 and in 25 steps."""

    def __post_init__(self) -> None:
        advice = "set 20, 25, 50 or 100 for 1000 timesteps"
        if self.timesteps <= 20:
            raise UsageError("noise_schedule.timesteps", f"{self.timesteps} noise levels are too few", "set 1000")
        if self.steps < 1 or self.timesteps % self.steps:
            what = f"{self.steps} do not divide {self.timesteps} timesteps evenly"
            raise UsageError("noise_schedule.steps", what, advice)
        left = float(self.schedule().alphas_cumprod[-(self.timesteps // self.steps)].sqrt())
        if left > 0.1:
            what = f"{self.steps} begin at a noise level where {left:.0%} of the image is left, more than 10%"
            raise UsageError("noise_schedule.steps", what, advice)

    def schedule(self) -> DDIMScheduler:
        """MONAI's schedule, whose step is that of DDIM in the direction of a given ε."""
        schedule = DDIMScheduler(
            self.timesteps,
            prediction_type="epsilon",
            clip_sample=False,
            beta_start=0.1 / self.timesteps,
            beta_end=20 / self.timesteps,
        )
        schedule.set_timesteps(self.steps)
        return schedule


class NoiseSchedule:
    """Adds noise and samples, without random numbers of its own."""

    def __init__(self, settings: NoiseScheduleSettings) -> None:
        self.settings = settings
        self.schedule = settings.schedule()

    def timesteps(self, uniform: Tensor) -> Tensor:
        """Levels t (batch,) for random numbers in [0, 1)."""
        return (uniform * self.settings.timesteps).long()

    def times(self, t: Tensor) -> Tensor:
        """t / T, from 0 to 1, the input of the networks."""
        return t / self.settings.timesteps

    def add_noise(self, y: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """y_t."""
        return self.schedule.add_noise(y, noise, t)

    def target(self, y: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """The value that the network is trained to predict, ε or v."""
        return noise if self.settings.prediction == "epsilon" else self.schedule.get_velocity(y, noise, t)

    def sample(self, noise: Tensor, predict: Predict) -> Tensor:
        """The image for `noise`; the same noise gives the same image.

        Evaluates the network once at each of `steps` levels; pndm twice at the second.
        """
        y, stride = noise, self.settings.timesteps // self.settings.steps
        past: list[Tensor] = []
        # Not MONAI's own timesteps, whose spacing differs from the length of its steps.
        for t in range(self.settings.timesteps - stride, -1, -stride):
            past = [self._epsilon(predict, y, t), *past[:3]]
            y = self.step(y, self.direction(predict, y, t, past), t)
        return y

    def direction(self, predict: Predict, y: Tensor, t: int, past: list[Tensor]) -> Tensor:
        """e, the direction of the step from t; `past`: ε of this level, of the one before, …"""
        if self.settings.sampler == "ddim":
            return past[0]
        if len(past) == 1:
            ahead = t - self.settings.timesteps // self.settings.steps
            return (past[0] + self._epsilon(predict, self.step(y, past[0], t), ahead)) / 2
        weighted = [w * epsilon for w, epsilon in zip(MULTISTEP[len(past) - 1], past, strict=True)]
        return torch.stack(weighted).sum(dim=0)

    def step(self, y: Tensor, epsilon: Tensor, t: int) -> Tensor:
        """y at the next lower level, from y_t in the direction of `epsilon`."""
        return self.schedule.step(epsilon, t, y)[0]

    def _epsilon(self, predict: Predict, y: Tensor, t: int) -> Tensor:
        """The prediction for y_t, converted to ε: predictions of different levels can be added only as ε."""
        predicted = predict(y, torch.full((len(y),), t / self.settings.timesteps, device=y.device)).to(y)
        left = self.schedule.alphas_cumprod[t]
        return predicted if self.settings.prediction == "epsilon" else left.sqrt() * predicted + (1 - left).sqrt() * y
