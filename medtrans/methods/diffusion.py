"""Diffusion: noise becomes the target in many small steps, seeing the source.

    y_t = √ᾱ_t y + √(1 - ᾱ_t) ε,    min_f  E | f(y_t, t, x) - aim |²,    aim = ε, or v = √ᾱ_t ε - √(1 - ᾱ_t) y
    guided:  (1 + w) f(y_t, t, x) - w f(y_t, t, ∅)

x is the source, y the target, ε the noise, ∅ an empty source; the way back is in networks/noising. Ho et al., NeurIPS
2020, https://arxiv.org/abs/2006.11239; the source joined on as by Saharia et al. (Palette), SIGGRAPH 2022,
https://arxiv.org/abs/2111.05826; guided after Ho & Salimans, https://arxiv.org/abs/2207.12598
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.settings import Settings
from medtrans.networks._noise_schedule import Noising, NoisingSettings
from medtrans.networks._settings import Denoiser
from medtrans.networks.time_unet import TimeUNetSettings


@dataclass(frozen=True, kw_only=True)
class DiffusionSettings(Settings):
    denoiser: Denoiser = TimeUNetSettings()
    """The network f, which sees the noisy image, its time and the source."""
    noising: NoisingSettings = NoisingSettings()
    """Levels of noise, what is predicted, and the way back."""
    drop: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Share of training items whose source is left empty, for guidance; the paper's is 0.1."""
    guidance: Annotated[float, Ge(0)] = 0.0
    """w, how far the source's say is exaggerated when translating; 0 is off, else every step costs two."""


class Diffusion(Method):
    """One player. All voxels count: what is made in the air is seen by the next step."""

    Settings = DiffusionSettings

    def __init__(self, task: Task, settings: DiffusionSettings) -> None:
        super().__init__(task, settings)
        if settings.guidance and not settings.drop:
            what = "needs a network that also learned without a source"
            raise UsageError("method.guidance", what, "set method.drop: 0.1, or guidance: 0")
        source, target = task.source_channels, task.target_channels
        self.denoiser = settings.denoiser.build(task.spatial_dims, target + source, target)
        self.noising = Noising(settings.noising)
        self.divisor, self.noise_channels = settings.denoiser.divisor, target

    def players(self) -> dict[str, list[nn.Module]]:
        return {"denoiser": [self.denoiser]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        y, noise, t = batch.target, batch.normal(*batch.target.shape[1:]), self.noising.timesteps(batch.uniform(key=1))
        seen = batch.uniform(*[1] * (y.ndim - 1), key=2) >= self.settings.drop
        told = self._predict(self.noising.noised(y, noise, t), self.noising.times(t), batch.source * seen)
        yield "denoiser", {self.settings.noising.prediction: mse_loss(told, self.noising.aim(y, noise, t))}

    def translate(self, source: Tensor, condition: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        assert noise is not None, "whoever calls a drawing method draws"
        return self.noising.denoised(noise, lambda y, t: self._guided(y, t, source))

    def _guided(self, y: Tensor, t: Tensor, x: Tensor) -> Tensor:
        told, w = self._predict(y, t, x), self.settings.guidance
        return (1 + w) * told - w * self._predict(y, t, torch.zeros_like(x)) if w else told

    def _predict(self, y: Tensor, t: Tensor, x: Tensor) -> Tensor:
        return self.denoiser(torch.cat([y, x], dim=1), t)
