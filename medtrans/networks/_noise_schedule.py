"""Noise schedule: forward diffusion and samplers, shared by image and latent diffusion.

    y_t = √ᾱ_t y + √(1 - ᾱ_t) ε,   ᾱ_t = Π (1 - β_s), s ≤ t = 0 … T - 1,     ε ~ N(0, I)
    β_0 … β_T-1 = 0.1 / T … 20 / T, linear; DDPM's for T = 1000               for every T, y_T-1 is almost only noise
    v   = √ᾱ_t ε - √(1 - ᾱ_t) y,   so that  ε = √ᾱ_t v + √(1 - ᾱ_t) y_t      the network predicts ε or v
    t_k = (T - 1) (k / (N - 1))⁴,   k = N - 1 … 0                             the N levels of a sampler
    y_s = √ᾱ_s ŷ + √(1 - ᾱ_s) e,   ŷ = (y_t - √(1 - ᾱ_t) e) / √ᾱ_t           the step from t to s < t in direction e

    ddim   e = ε_t, the prediction at t
    pndm   e = (55 ε_t - 59 ε' + 37 ε'' - 9 ε''') / 24 of the levels t, t' > t, …, of lower order in the first steps;
           at the first step e = (ε_t + ε_s) / 2, where ε_s is predicted after a step in direction ε_t

The level below t = 0 is the image itself, ᾱ = 1. The noise level √(1/ᾱ - 1) has to fall in steps that are small beside
the standard deviation of the images that remain possible: evenly spaced levels end in a step from 0.3 to 0, and
samples then differ too little. Ho et al., NeurIPS 2020, https://arxiv.org/abs/2006.11239, equation 4; v: Salimans & Ho,
ICLR 2022, https://arxiv.org/abs/2202.00512, appendix D; DDIM: Song et al., ICLR 2021,
https://arxiv.org/abs/2010.02502, equation 12, quadratic levels: appendix D.2 (ours have power 4); PNDM: Liu et al.,
ICLR 2022, https://arxiv.org/abs/2202.09778, its linear multistep, begun with one step of Heun's as in latent diffusion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Gt
from torch import Tensor

from medtrans.core.errors import UsageError
from medtrans.core.method import Estimate, NoiseLevel
from medtrans.core.settings import Settings

MULTISTEP = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))
"""Adams-Bashforth weights of the latest ε, the one before, …"""
PREDICTED = {"epsilon": "noise", "v": "velocity v"}
"""Prediction target in words."""
SPACING_POWER = 4
"""Power of the spacing of levels: with 25 steps or more both samplers keep 0.85 to 1.15 of a standard deviation from
0.01 to 0.25, which is 20 to 512 HU of CT."""
Predict = Callable[[Tensor, Tensor], Tensor]
"""(y_t, times from 0 to 1 (batch,)) → prediction of the network."""


@dataclass(frozen=True, kw_only=True)
class NoiseScheduleSettings(Settings):
    prediction: Literal["v", "epsilon"] = "v"
    """Prediction target of the network; epsilon is DDPM's."""
    timesteps: Annotated[int, Gt(20)] = 10000
    """T, the number of noise levels in training; DDPM's is 1000. The noise of the lowest has the standard deviation
    √(0.1 / T), 6 HU of CT for 10000 and 20 HU for 1000: a smaller one of the images is not resolved."""
    steps: Annotated[int, Ge(2)] = 25
    """Steps of the sampler, at most `timesteps`, the closer the lower the noise. The standard deviation over samples
    needs 20 with pndm, 25 with ddim."""
    sampler: Literal["pndm", "ddim"] = "pndm"
    """pndm is of higher order and evaluates the network once more in all: where the exact solution is known, for normal
    images, it is closer to it in 25 steps than ddim, of first order, in 100."""

    def __post_init__(self) -> None:
        if self.timesteps <= 20:
            raise UsageError("noise_schedule.timesteps", f"{self.timesteps} noise levels are too few", "set 10000")
        if not 2 <= self.steps <= self.timesteps:
            what = f"{self.steps} steps do not fit {self.timesteps} timesteps"
            raise UsageError("noise_schedule.steps", what, f"set 2 to {self.timesteps}, for example 25")

    def levels(self) -> list[int]:
        """The levels t of a sampler, from T - 1 down to 0."""
        last = self.steps - 1
        spaced = [round((self.timesteps - 1) * (k / last) ** SPACING_POWER) for k in range(self.steps)]
        return [max(k, level) for k, level in enumerate(spaced)][::-1]


class NoiseSchedule:
    """Adds noise and samples, without random numbers of its own."""

    def __init__(self, settings: NoiseScheduleSettings) -> None:
        """`signal` and `noise` are √ᾱ_t and √(1 - ᾱ_t); their last entry, -1, is that of the image."""
        self.settings, self.levels = settings, settings.levels()
        T = settings.timesteps
        left = torch.cumprod(1 - torch.linspace(0.1 / T, 20 / T, T, dtype=torch.float64), dim=0)
        left = torch.cat([left, left.new_ones(1)])
        self.signal, self.noise = left.sqrt(), (1 - left).sqrt()

    def timesteps(self, uniform: Tensor) -> Tensor:
        """Levels t (batch,) for random numbers in [0, 1)."""
        return (uniform * self.settings.timesteps).long()

    def times(self, t: Tensor) -> Tensor:
        """t / T, from 0 to 1, the input of the networks."""
        return t / self.settings.timesteps

    def add_noise(self, y: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """y_t."""
        signal, std = self._at(t, y)
        return signal * y + std * noise

    def target(self, y: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """The value that the network is trained to predict, ε or v."""
        signal, std = self._at(t, y)
        return noise if self.settings.prediction == "epsilon" else signal * noise - std * y

    def sample(self, noise: Tensor, predict: Predict) -> Tensor:
        """The image for `noise`; the same noise gives the same image.

        Evaluates the network once at each of `steps` levels; pndm twice at the second.
        """
        y, past = noise, list[Tensor]()
        for t, below in zip(self.levels, [*self.levels[1:], -1], strict=True):
            past = [self._epsilon(predict, y, t), *past[:3]]
            y = self.step(y, self._direction(predict, y, t, below, past), t, below)
        return y

    def draw_with(self, noise: Tensor, estimate: Estimate) -> Tensor:
        """The image for `noise`, where `estimate` gives ŷ in place of a network."""

        def predict(y: Tensor, times: Tensor) -> Tensor:
            t = round(float(times[0]) * self.settings.timesteps)
            signal, std = float(self.signal[t]), float(self.noise[t])
            image = estimate(y, NoiseLevel(t / self.settings.timesteps, signal, std))
            return (y - signal * image if self.settings.prediction == "epsilon" else signal * y - image) / std

        return self.sample(noise, predict)

    def image(self, predicted: Tensor, y: Tensor, level: NoiseLevel) -> Tensor:
        """ŷ from y_t and the prediction of the network."""
        if self.settings.prediction == "epsilon":
            return (y - level.noise * predicted) / level.signal
        return level.signal * y - level.noise * predicted

    def _direction(self, predict: Predict, y: Tensor, t: int, below: int, past: list[Tensor]) -> Tensor:
        """e, the direction of the step from t to `below`; `past`: ε of this level, of the one before, …"""
        if self.settings.sampler == "ddim":
            return past[0]
        if len(past) == 1:
            return (past[0] + self._epsilon(predict, self.step(y, past[0], t, below), below)) / 2
        weighted = [w * epsilon for w, epsilon in zip(MULTISTEP[len(past) - 1], past, strict=True)]
        return torch.stack(weighted).sum(dim=0)

    def step(self, y: Tensor, epsilon: Tensor, t: int, below: int) -> Tensor:
        """y at the level `below` (-1 is the image), from y_t in the direction of `epsilon`."""
        predicted = (y - float(self.noise[t]) * epsilon) / float(self.signal[t])
        return float(self.signal[below]) * predicted + float(self.noise[below]) * epsilon

    def _epsilon(self, predict: Predict, y: Tensor, t: int) -> Tensor:
        """The prediction for y_t, converted to ε: predictions of different levels can be added only as ε."""
        predicted = predict(y, torch.full((len(y),), t / self.settings.timesteps, device=y.device)).to(y)
        if self.settings.prediction == "epsilon":
            return predicted
        return float(self.signal[t]) * predicted + float(self.noise[t]) * y

    def _at(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """√ᾱ_t and √(1 - ᾱ_t) for the levels t (batch,), in a shape that multiplies `like`."""
        shape = -1, *[1] * (like.ndim - 1)
        signal, noise = (table[t.cpu()].to(like).view(shape) for table in (self.signal, self.noise))
        return signal, noise
