"""Diffusion: conditional denoising diffusion from noise to the target, given the source.

    y_t = √ᾱ_t y + √(1 - ᾱ_t) ε,    min_f  E | f(y_t, t, x) - target |²,    target = ε, or v = √ᾱ_t ε - √(1 - ᾱ_t) y
    classifier-free guidance:  (1 + w) f(y_t, t, x) - w f(y_t, t, ∅)

x is the source, y the target image, ε the noise, ∅ an empty source; the samplers are in networks/_noise_schedule. Ho et
al., NeurIPS 2020, https://arxiv.org/abs/2006.11239, equations 4 and 14 and appendix B; the source as further input
channels: Saharia et al. (Palette), SIGGRAPH 2022, https://arxiv.org/abs/2111.05826, section 3; guidance: Ho & Salimans,
https://arxiv.org/abs/2207.12598, equation 6. Published: epsilon, 1000 steps of the ancestral sampler (here DDIM's), and
a larger network with attention and group norm; our default predicts v and takes 25 steps of PNDM's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Lt
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Estimate, Losses, Method, NoiseLevel, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
from medtrans.networks._noise_schedule import PREDICTED, NoiseSchedule, NoiseScheduleSettings
from medtrans.networks._settings import Denoiser
from medtrans.networks.time_unet import TimeUNetSettings


@dataclass(frozen=True, kw_only=True)
class DiffusionSettings(Settings):
    denoiser: Denoiser = TimeUNetSettings()
    """The network f of the noisy image, its time and the source."""
    noise_schedule: NoiseScheduleSettings = NoiseScheduleSettings()
    """Noise levels, prediction target and sampler."""
    condition_dropout: Annotated[float, Ge(0), Lt(1)] = 0.0
    """Fraction of training items with an empty source, for guidance; the paper's is 0.1."""
    guidance_scale: Annotated[float, Ge(0)] = 0.0
    """w at translation; 0 is off, else each step evaluates the network twice."""


class Diffusion(Method):
    """One player. The loss covers all voxels, air too, since each step takes the whole image of the last one."""

    Settings = DiffusionSettings
    paper: ClassVar[str] = "Ho et al., NeurIPS 2020, https://arxiv.org/abs/2006.11239"
    PUBLISHED = DiffusionSettings(
        denoiser=TimeUNetSettings(channels=(128, 128, 256, 256, 512, 512), blocks=2, attention=True, norm="group"),
        noise_schedule=NoiseScheduleSettings(prediction="epsilon", timesteps=1000, steps=1000, sampler="ddim"),
    )
    optimizer = OptimizerSettings(learning_rate=2e-4)
    """Appendix B, for the smallest images of Ho et al."""

    def __init__(self, task: Task, settings: DiffusionSettings) -> None:
        super().__init__(task, settings)
        if settings.guidance_scale and not settings.condition_dropout:
            what = "needs a network that is also trained without a source"
            raise UsageError("method.guidance_scale", what, "set method.condition_dropout: 0.1, or guidance_scale: 0")
        source, target = task.source_channels, task.target_channels
        self.denoiser = settings.denoiser.build(task.spatial_dims, target + source, target)
        self.schedule = NoiseSchedule(settings.noise_schedule)
        self.divisor, self.noise_channels = settings.denoiser.divisor, target

    def players(self) -> dict[str, list[nn.Module]]:
        return {"denoiser": [self.denoiser]}

    @classmethod
    def terms(cls, settings: DiffusionSettings) -> dict[str, Term]:
        prediction = settings.noise_schedule.prediction
        return {f"denoiser/{prediction}": Term(f"mean squared error of the predicted {PREDICTED[prediction]}")}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        y, noise, t = batch.target, batch.normal(*batch.target.shape[1:]), self.schedule.timesteps(batch.uniform(key=1))
        keep_condition = batch.uniform(*[1] * (y.ndim - 1), key=2) >= self.settings.condition_dropout
        noisy = self.schedule.add_noise(y, noise, t)
        predicted = self._predict(noisy, self.schedule.times(t), batch.source * keep_condition)
        yield (
            "denoiser",
            {self.settings.noise_schedule.prediction: mse_loss(predicted, self.schedule.target(y, noise, t))},
        )

    def translate(self, source: Tensor, condition: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        assert noise is not None, "a method with noise_channels takes noise"
        return self.schedule.sample(noise, lambda y, t: self._guided(y, t, source))

    def denoise(self, noisy: Tensor, source: Tensor, level: NoiseLevel) -> Tensor:
        """ŷ, the estimated target image of y_t."""
        t = torch.full((len(noisy),), level.time, device=noisy.device)
        return self.schedule.image(self._guided(noisy, t, source), noisy, level)

    def draw_with(self, noise: Tensor, estimate: Estimate) -> Tensor:
        """The image for `noise` by another estimate of y."""
        return self.schedule.draw_with(noise, estimate)

    def _guided(self, y: Tensor, t: Tensor, x: Tensor) -> Tensor:
        predicted, w = self._predict(y, t, x), self.settings.guidance_scale
        return (1 + w) * predicted - w * self._predict(y, t, torch.zeros_like(x)) if w else predicted

    def _predict(self, y: Tensor, t: Tensor, x: Tensor) -> Tensor:
        return self.denoiser(torch.cat([y, x], dim=1), t)
