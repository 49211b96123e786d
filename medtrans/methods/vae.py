"""Variational autoencoder: codes held to a normal prior, so that codes drawn from it decode to new images.

    min  E |x - D(z)|² / 2σ² + beta KL(N(m, s²) ‖ N(0, I)),     z = m + s ε,   (m, log s²) = E(x),   ε ~ N(0, I)

x is the image; per voxel, and without the constant of the normal density. Kingma & Welling, ICLR 2014,
https://arxiv.org/abs/1312.6114; beta after Higgins et al., ICLR 2017, https://openreview.net/forum?id=Sy2fzU9gl; its
warm-up after Sønderby et al., NeurIPS 2016, https://arxiv.org/abs/1602.02282, section 2.3
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.settings import Settings
from medtrans.losses.divergence import kl_to_standard_normal
from medtrans.networks.decoder import DecoderSettings
from medtrans.networks.encoder import EncoderSettings


@dataclass(frozen=True, kw_only=True)
class VAESettings(Settings):
    encoder: EncoderSettings = EncoderSettings()
    """The network E from image to mean and log variance of its code."""
    decoder: DecoderSettings = DecoderSettings()
    """The network D from code to image."""
    latent: Annotated[int, Ge(1)] = 128
    """Numbers in a code."""
    deviation: Annotated[float, Gt(0)] = 0.2
    """σ, by which voxels may differ from what is decoded: smaller gives sharper reconstructions, worse samples."""
    beta: Annotated[float, Ge(0)] = 1.0
    """Weight of the divergence: 1 is the bound of the paper, more gives codes that are easier to read."""
    warm_up: Annotated[int, Ge(0)] = 1000
    """Batches over which that weight rises from 0; a step of several accumulated batches counts each."""


class VAE(Method):
    """One player. All voxels count, air too: images are made whole."""

    Settings = VAESettings
    pairing: ClassVar[Pairing] = "alone"
    seen: Tensor
    """Batches so far; part of the state, so that a resumed training warms up where it was."""

    def __init__(self, task: Task, settings: VAESettings) -> None:
        super().__init__(task, settings)
        dims, channels, size = task.spatial_dims, task.target_channels, task.size
        self.E = settings.encoder.build(dims, channels, 2 * settings.latent, size)
        self.D = settings.decoder.build(dims, settings.latent, channels, size)
        self.register_buffer("seen", torch.zeros((), dtype=torch.long))
        self.divisor = size

    def players(self) -> dict[str, list[nn.Module]]:
        return {"autoencoder": [self.E, self.D]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, asked = batch.target, self.settings
        self.seen += 1
        beta = asked.beta * min(1.0, int(self.seen) / max(asked.warm_up, 1))
        mean, logvar = self.encode(x)
        z = mean + torch.exp(logvar / 2) * batch.normal(asked.latent)
        yield (
            "autoencoder",
            {
                "reconstruction": (x - self.decode(z)).square().mean() / (2 * asked.deviation**2),
                "kl": beta * kl_to_standard_normal(mean, logvar).mean() / x[0].numel(),
            },
        )

    def encode(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Images (batch, channel, *size) → mean and log variance of their codes, (batch, latent) each."""
        mean, logvar = self.E(image).chunk(2, dim=1)
        return mean, logvar

    def decode(self, code: Tensor) -> Tensor:
        """Codes (batch, latent) → images."""
        return self.D(code)

    def reconstruct(self, image: Tensor) -> Tensor:
        """From the mean of its code."""
        return self.decode(self.encode(image)[0])

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.reconstruct(source)

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor:
        device = next(self.parameters()).device
        return self.decode(torch.randn(count, self.settings.latent).to(device))

    def interpolate(self, one: Tensor, other: Tensor, count: int) -> Tensor:
        """Images (count, channel, *size) from one (1, channel, *size) to another, by the line between their codes."""
        (start, _), (end, _) = self.encode(one), self.encode(other)
        return self.decode(torch.lerp(start, end, torch.linspace(0, 1, count).to(start)[:, None]))
