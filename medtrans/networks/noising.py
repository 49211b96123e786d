"""How an image drowns in noise and how it is brought back: what image and latent diffusion share.

    y_t = √ᾱ_t y + √(1 - ᾱ_t) ε                     t = 0 … T - 1,   ε ~ N(0, I)
    v   = √ᾱ_t ε - √(1 - ᾱ_t) y                     what a network may predict in place of ε
    y_s = √ᾱ_s ŷ + √(1 - ᾱ_s) ε̂                     DDIM's step from t to s < t, with the predicted ŷ and ε̂

Ho et al., NeurIPS 2020, https://arxiv.org/abs/2006.11239; v: Salimans & Ho, ICLR 2022,
https://arxiv.org/abs/2202.00512; DDIM: Song et al., ICLR 2021, https://arxiv.org/abs/2010.02502; PNDM: Liu et al.,
ICLR 2022, https://arxiv.org/abs/2202.09778. The schedules are MONAI's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge
from monai.networks.schedulers import DDIMScheduler, PNDMScheduler
from torch import Tensor

from medtrans.core.errors import UsageError
from medtrans.core.settings import Settings

Predict = Callable[[Tensor, Tensor], Tensor]
"""(y_t, times from 0 to 1 (batch,)) → what is predicted."""


@dataclass(frozen=True, kw_only=True)
class NoisingSettings(Settings):
    prediction: Literal["v", "epsilon"] = "v"
    """What the network predicts; epsilon is DDPM's."""
    timesteps: Annotated[int, Ge(1)] = 1000
    """T, the levels of noise that are learned."""
    steps: Annotated[int, Ge(1)] = 25
    """Levels that are visited on the way back, evenly spaced; must divide `timesteps`."""
    sampler: Literal["ddim", "pndm"] = "ddim"
    """How they are visited: ddim is the plainest, pndm nearer to the exact way with as many steps."""

    def __post_init__(self) -> None:
        if self.timesteps % self.steps:
            what = f"{self.steps} do not divide {self.timesteps} timesteps evenly"
            raise UsageError("noising.steps", what, "set 20, 25, 50 or 100 for 1000 timesteps")


class Noising:
    """Adds noise and takes it away, without any randomness of its own."""

    def __init__(self, settings: NoisingSettings) -> None:
        self.settings = settings
        self.schedule = self._schedule()

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
        """The image that `noise` becomes; the same noise, the same image."""
        # A new one each time: PNDM remembers what was predicted before.
        schedule, y, settings = self._schedule(), noise, self.settings
        schedule.set_timesteps(settings.steps)
        stride = settings.timesteps // settings.steps
        # Not MONAI's own timesteps, which are spaced otherwise than its steps are long.
        for t in range(settings.timesteps - stride, -1, -stride):
            predicted = predict(y, torch.full((len(y),), t / settings.timesteps, device=y.device))
            y, _ = schedule.step(predicted, t, y)
        return y

    def _schedule(self) -> DDIMScheduler | PNDMScheduler:
        settings = self.settings
        kind = "v_prediction" if settings.prediction == "v" else "epsilon"
        if settings.sampler == "ddim":
            return DDIMScheduler(settings.timesteps, prediction_type=kind, clip_sample=False)
        return PNDMScheduler(settings.timesteps, prediction_type=kind, skip_prk_steps=True)
