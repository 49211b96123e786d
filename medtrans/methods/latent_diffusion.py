"""Latent diffusion: conditional diffusion of the code of an image instead of the image, given the source.

    z = E(y),    z_t = √ᾱ_t z + √(1 - ᾱ_t) ε,    min_f  E | f(z_t, t, x) - target |²,    y = D(z)

x is the source, y the target image; E and D belong to a trained autoencoder; target = ε, or v = √ᾱ_t ε - √(1 - ᾱ_t) z.
The source is not encoded, since E is trained on targets only: pixel unshuffling brings it to the grid of the code
without loss. Rombach et al., CVPR 2022, https://arxiv.org/abs/2112.10752, equation 2 and section 3.3; codes of brains:
Pinaya et al., https://arxiv.org/abs/2209.07162. Published: epsilon, 200 steps of DDIM and a larger network with
attention; our default predicts v and takes 25 steps of PNDM's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
from medtrans.networks._noise_schedule import PREDICTED, NoiseSchedule, NoiseScheduleSettings
from medtrans.networks._pixel_shuffle import pixel_unshuffle
from medtrans.networks._settings import Denoiser
from medtrans.networks.time_unet import TimeUNetSettings


@dataclass(frozen=True, kw_only=True)
class LatentDiffusionSettings(Settings):
    autoencoder: Path = Path("runs/autoencoder_kl/model")
    """The model folder of E and D: an autoencoder_kl, trained on targets."""
    denoiser: Denoiser = TimeUNetSettings()
    """The network f of the noisy code, its time and the source."""
    noise_schedule: NoiseScheduleSettings = NoiseScheduleSettings()
    """Noise levels, prediction target and sampler."""


@runtime_checkable
class Encodes(Protocol):
    """Images ↔ codes (batch, latent_channels, *space / divisor) of mean square 1."""

    latent_channels: int
    divisor: int

    def encode(self, image: Tensor) -> Tensor: ...
    def decode(self, code: Tensor) -> Tensor: ...


class LatentDiffusion(Method):
    """One player, built when the autoencoder is attached. The loss covers all voxels, as in image diffusion."""

    Settings = LatentDiffusionSettings
    paper: ClassVar[str] = "Rombach et al., CVPR 2022, https://arxiv.org/abs/2112.10752"
    PUBLISHED = LatentDiffusionSettings(
        denoiser=TimeUNetSettings(channels=(224, 448, 672, 896), blocks=2, attention=True, norm="group"),
        noise_schedule=NoiseScheduleSettings(prediction="epsilon", timesteps=1000, steps=200, sampler="ddim"),
    )
    optimizer = OptimizerSettings(name="adamw", learning_rate=1e-4, weight_decay=0.01)
    """The authors' program (CompVis/latent-diffusion): PyTorch's AdamW at 2e-6 for each image of a batch."""
    autoencoder: Any
    denoiser: nn.Module
    factor: int
    """Downsampling factor: voxels of the image along one voxel of the code."""

    def __init__(self, task: Task, settings: LatentDiffusionSettings) -> None:
        super().__init__(task, settings)
        self.schedule = NoiseSchedule(settings.noise_schedule)

    @classmethod
    def requires_models(cls, settings: LatentDiffusionSettings) -> dict[str, Path]:
        return {"autoencoder": settings.autoencoder}

    def attach_frozen(self, name: str, other: Method) -> None:
        task, theirs = self.task, other.task
        if not isinstance(other, Encodes):
            what = f"{type(other).__name__} does not encode images as small images"
            raise UsageError("method.autoencoder", what, "give the model folder of an autoencoder_kl")
        if (theirs.spatial_dims, theirs.target_channels) != (task.spatial_dims, task.target_channels):
            what = f"is for {theirs.target_channels} channels in {theirs.spatial_dims}D, "
            what += f"targets have {task.target_channels} in {task.spatial_dims}D"
            raise UsageError("method.autoencoder", what, "train one on these targets")
        super().attach_frozen(name, other)
        self.factor, self.noise_channels = other.divisor, other.latent_channels
        source = task.source_channels * self.factor**task.spatial_dims
        self.denoiser = self.settings.denoiser.build(
            task.spatial_dims, self.noise_channels + source, self.noise_channels
        )
        self.divisor = self.factor * self.settings.denoiser.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"denoiser": [self.denoiser]}

    @classmethod
    def terms(cls, settings: LatentDiffusionSettings) -> dict[str, Term]:
        prediction = settings.noise_schedule.prediction
        text = f"mean squared error of the predicted {PREDICTED[prediction]}, in the code of a trained autoencoder"
        return {f"denoiser/{prediction}": Term(text, settings=("autoencoder",))}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        with torch.no_grad():
            z = self.autoencoder.encode(batch.target)
        noise, t = batch.normal(*z.shape[1:]), self.schedule.timesteps(batch.uniform(key=1))
        predicted = self._predict(self.schedule.add_noise(z, noise, t), self.schedule.times(t), batch.source)
        yield (
            "denoiser",
            {self.settings.noise_schedule.prediction: mse_loss(predicted, self.schedule.target(z, noise, t))},
        )

    def translate(self, source: Tensor, condition: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        assert noise is not None, "a method with noise_channels takes noise"
        # One voxel of each block is standard normal too, and the same in windows that overlap.
        every = (slice(None, None, self.factor),) * self.task.spatial_dims
        z = self.schedule.sample(noise[:, :, *every], lambda z, t: self._predict(z, t, source))
        return self.autoencoder.decode(z)

    def _predict(self, z: Tensor, t: Tensor, x: Tensor) -> Tensor:
        return self.denoiser(torch.cat([z, pixel_unshuffle(x, self.factor)], dim=1), t)
