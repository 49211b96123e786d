"""Latent diffusion: diffusion of the small code of an image instead of the image, seeing the source.

    z = E(y),    z_t = √ᾱ_t z + √(1 - ᾱ_t) ε,    min_f  E | f(z_t, t, x) - aim |²,    y = D(z)

x is the source, y the target, E and D are a trained autoencoder's; the aim is ε, or v = √ᾱ_t ε - √(1 - ᾱ_t) z. The
source is not encoded, for E knows targets only: it is squeezed to the grid of the code, with nothing lost. Rombach et
al., CVPR 2022, https://arxiv.org/abs/2112.10752; with codes of heads: Pinaya et al., https://arxiv.org/abs/2209.07162
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.settings import Settings
from medtrans.networks._noise_schedule import Noising, NoisingSettings
from medtrans.networks._pixel_shuffle import squeezed
from medtrans.networks._settings import Denoiser
from medtrans.networks.time_unet import TimeUNetSettings


@dataclass(frozen=True, kw_only=True)
class LatentDiffusionSettings(Settings):
    autoencoder: Path = Path("runs/autoencoder_kl/model")
    """The model folder of E and D: an autoencoder_kl, trained on targets."""
    denoiser: Denoiser = TimeUNetSettings()
    """The network f, which sees the noisy code, its time and the source."""
    noising: NoisingSettings = NoisingSettings()
    """Levels of noise, what is predicted, and the way back."""


@runtime_checkable
class Encodes(Protocol):
    """Images ↔ codes (batch, latent_channels, *space / divisor) of mean square 1."""

    latent_channels: int
    divisor: int

    def encode(self, image: Tensor) -> Tensor: ...
    def decode(self, code: Tensor) -> Tensor: ...


class LatentDiffusion(Method):
    """One player, which is built when the autoencoder is adopted. All voxels count, as in image diffusion."""

    Settings = LatentDiffusionSettings
    autoencoder: Any
    denoiser: nn.Module
    factor: int
    """Voxels of the image along one of the code."""

    def __init__(self, task: Task, settings: LatentDiffusionSettings) -> None:
        super().__init__(task, settings)
        self.noising = Noising(settings.noising)

    @classmethod
    def needs(cls, settings: LatentDiffusionSettings) -> dict[str, Path]:
        return {"autoencoder": settings.autoencoder}

    def attach_frozen(self, name: str, other: Method) -> None:
        task, theirs = self.task, other.task
        if not isinstance(other, Encodes):
            what = f"{type(other).__name__} does not turn images into small images and back"
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

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        with torch.no_grad():
            z = self.autoencoder.encode(batch.target)
        noise, t = batch.normal(*z.shape[1:]), self.noising.timesteps(batch.uniform(key=1))
        told = self._predict(self.noising.noised(z, noise, t), self.noising.times(t), batch.source)
        yield "denoiser", {self.settings.noising.prediction: mse_loss(told, self.noising.aim(z, noise, t))}

    def translate(self, source: Tensor, condition: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        assert noise is not None, "whoever calls a drawing method draws"
        # One voxel of each block: as normal as all of them, and the same in windows that overlap.
        every = (slice(None, None, self.factor),) * self.task.spatial_dims
        z = self.noising.denoised(noise[:, :, *every], lambda z, t: self._predict(z, t, source))
        return self.autoencoder.decode(z)

    def _predict(self, z: Tensor, t: Tensor, x: Tensor) -> Tensor:
        return self.denoiser(torch.cat([z, squeezed(x, self.factor)], dim=1), t)
