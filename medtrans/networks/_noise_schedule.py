"""How an image drowns in noise and how it is brought back: what image and latent diffusion share.

    y_t = √ᾱ_t y + √(1 - ᾱ_t) ε,   ᾱ_t = Π (1 - β_s), s ≤ t = 0 … T - 1,     ε ~ N(0, I)
    β_0 … β_T-1 = 0.1 / T … 20 / T, evenly; DDPM's for T = 1000              whatever T, the last is all noise
    v   = √ᾱ_t ε - √(1 - ᾱ_t) y,   so that  ε = √ᾱ_t v + √(1 - ᾱ_t) y_t      either may be predicted
    y_s = √ᾱ_s ŷ + √(1 - ᾱ_s) e,   ŷ = (y_t - √(1 - ᾱ_t) e) / √ᾱ_t           the step from t to s < t

    ddim   e = ε_t, the one predicted at t
    pndm   e = (55 ε_t - 59 ε_t+h + 37 ε_t+2h - 9 ε_t+3h) / 24; fewer where fewer levels, h apart, lie behind;
           at the first e = (ε_t + ε_t-h) / 2, the second predicted at where ε_t alone would lead

Below t = 0 lies the image itself, ᾱ = 1. Ho et al., NeurIPS 2020, https://arxiv.org/abs/2006.11239; v: Salimans & Ho,
ICLR 2022, https://arxiv.org/abs/2202.00512; DDIM: Song et al., ICLR 2021, https://arxiv.org/abs/2010.02502; PNDM: Liu
et al., ICLR 2022, https://arxiv.org/abs/2202.09778, its linear multistep, begun with one step of Heun's as in latent
diffusion. Schedule and step are MONAI's; its own PNDM adds up v of different levels.
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
"""Adams and Bashforth's weights of the latest ε, the one before, …"""
Predict = Callable[[Tensor, Tensor], Tensor]
"""(y_t, times from 0 to 1 (batch,)) → what is predicted."""


@dataclass(frozen=True, kw_only=True)
class NoisingSettings(Settings):
    prediction: Literal["v", "epsilon"] = "v"
    """What the network predicts; epsilon is DDPM's."""
    timesteps: Annotated[int, Gt(20)] = 1000
    """T, the levels of noise that are learned."""
    steps: Annotated[int, Ge(2)] = 25
    """Levels that are visited on the way back, evenly spaced; must divide `timesteps`. It begins with noise at level
    T - T / steps, where no more than a tenth of the image may be left."""
    sampler: Literal["ddim", "pndm"] = "ddim"
    """How they are visited: ddim is the plainest; pndm asks the network once more in all, and comes nearer to the exact
    way where that is known: on normal images, in 10 and in 25 steps."""

    def __post_init__(self) -> None:
        advice = "set 20, 25, 50 or 100 for 1000 timesteps"
        if self.timesteps <= 20:
            raise UsageError("noising.timesteps", f"{self.timesteps} levels are too few to drown in", "set 1000")
        if self.steps < 1 or self.timesteps % self.steps:
            what = f"{self.steps} do not divide {self.timesteps} timesteps evenly"
            raise UsageError("noising.steps", what, advice)
        left = float(self.schedule().alphas_cumprod[-(self.timesteps // self.steps)].sqrt())
        if left > 0.1:
            what = f"{self.steps} begin with noise where {left:.0%} of the image should be left"
            raise UsageError("noising.steps", what, advice)

    def schedule(self) -> DDIMScheduler:
        """Whose step is DDIM's along a given ε."""
        schedule = DDIMScheduler(
            self.timesteps,
            prediction_type="epsilon",
            clip_sample=False,
            beta_start=0.1 / self.timesteps,
            beta_end=20 / self.timesteps,
        )
        schedule.set_timesteps(self.steps)
        return schedule


class Noising:
    """Adds noise and takes it away, without any randomness of its own."""

    def __init__(self, settings: NoisingSettings) -> None:
        self.settings = settings
        self.schedule = settings.schedule()

    def timesteps(self, uniform: Tensor) -> Tensor:
        """Whole t (batch,) for numbers drawn from [0, 1)."""
        return (uniform * self.settings.timesteps).long()

    def times(self, t: Tensor) -> Tensor:
        """t as a share of T, from 0 to 1, as networks are told."""
        return t / self.settings.timesteps

    def noised(self, y: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        return self.schedule.add_noise(y, noise, t)

    def aim(self, y: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """What the network should predict."""
        return noise if self.settings.prediction == "epsilon" else self.schedule.get_velocity(y, noise, t)

    def denoised(self, noise: Tensor, predict: Predict) -> Tensor:
        """The image that `noise` becomes; the same noise, the same image.

        Predicts once at each of `steps` levels; pndm twice at the second.
        """
        y, stride = noise, self.settings.timesteps // self.settings.steps
        past: list[Tensor] = []
        # Not MONAI's own timesteps, which are spaced otherwise than its steps are long.
        for t in range(self.settings.timesteps - stride, -1, -stride):
            past = [self._epsilon(predict, y, t), *past[:3]]
            y = self._stepped(y, self._heading(predict, y, t, past), t)
        return y

    def _heading(self, predict: Predict, y: Tensor, t: int, past: list[Tensor]) -> Tensor:
        """e, along which the step from t is made; `past`: ε of this level, of the one before, …"""
        if self.settings.sampler == "ddim":
            return past[0]
        if len(past) == 1:
            ahead = t - self.settings.timesteps // self.settings.steps
            return (past[0] + self._epsilon(predict, self._stepped(y, past[0], t), ahead)) / 2
        weighted = [w * epsilon for w, epsilon in zip(MULTISTEP[len(past) - 1], past, strict=True)]
        return torch.stack(weighted).sum(dim=0)

    def _stepped(self, y: Tensor, epsilon: Tensor, t: int) -> Tensor:
        return self.schedule.step(epsilon, t, y)[0]

    def _epsilon(self, predict: Predict, y: Tensor, t: int) -> Tensor:
        """What is predicted of y_t, as ε whatever it is told as: only ε of different levels may be added up."""
        predicted = predict(y, torch.full((len(y),), t / self.settings.timesteps, device=y.device)).to(y)
        left = self.schedule.alphas_cumprod[t]
        return predicted if self.settings.prediction == "epsilon" else left.sqrt() * predicted + (1 - left).sqrt() * y
