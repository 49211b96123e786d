"""Variational autoencoder: a latent variable model with a normal prior; samples of the prior decode to new images.

    min  E |x - D(z)|² / 2σ² + beta KL(N(m, s²) ‖ N(0, I)),     z = m + s ε,   (m, log s²) = E(x),   ε ~ N(0, I)

x is the image; per voxel, without the constant of the normal density. Kingma & Welling, ICLR 2014,
https://arxiv.org/abs/1312.6114, equation 7 and appendix B; beta: Higgins et al., ICLR 2017,
https://openreview.net/forum?id=Sy2fzU9gl; warm-up: Sønderby et al., NeurIPS 2016, https://arxiv.org/abs/1602.02282,
section 2.3. Published without a warm-up and with fully connected networks; by default the KL term here rises over 1000
batches, since the code is else ignored at the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
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
    """Dimensions of the code z."""
    decoder_std: Annotated[float, Gt(0)] = 0.2
    """Standard deviation σ of the decoder: smaller gives sharper reconstructions, worse samples."""
    beta: Annotated[float, Ge(0)] = 1.0
    """Weight of the KL divergence: 1 is the evidence lower bound; more gives more independent codes."""
    warm_up: Annotated[int, Ge(0)] = 1000
    """Batches over which that weight rises from 0; each batch of an accumulated step counts."""


class VAE(Method):
    """One player. The loss covers all voxels, air too, since whole images are generated."""

    Settings = VAESettings
    paper: ClassVar[str] = "Kingma & Welling, ICLR 2014, https://arxiv.org/abs/1312.6114"
    PUBLISHED = VAESettings(warm_up=0)
    optimizer = OptimizerSettings(learning_rate=2e-4, betas=(0.5, 0.999))
    """Kingma & Welling took Adagrad, before Adam; Adam's own values gave a larger error (docs/benchmarks.md)."""
    pairing: ClassVar[Pairing] = "alone"
    batches: Tensor
    """Number of batches so far; part of the state, so that a resumed training continues the warm-up."""

    def __init__(self, task: Task, settings: VAESettings) -> None:
        super().__init__(task, settings)
        dims, channels, size = task.spatial_dims, task.target_channels, task.size
        self.E = settings.encoder.build(dims, channels, 2 * settings.latent, size)
        self.D = settings.decoder.build(dims, settings.latent, channels, size)
        self.register_buffer("batches", torch.zeros((), dtype=torch.long))
        self.divisor = size

    def players(self) -> dict[str, list[nn.Module]]:
        return {"autoencoder": [self.E, self.D]}

    @classmethod
    def terms(cls, settings: VAESettings) -> dict[str, Term]:
        rising = f", rising to it over {settings.warm_up} batches" if settings.warm_up > 1 else ""
        std = f"negative log-likelihood per voxel, of standard deviation {settings.decoder_std:g}"
        kl = Term(
            f"Kullback-Leibler divergence of the code from N(0, I), per voxel{rising}",
            settings.beta,
            settings=("beta", "warm_up"),
        )
        return {"autoencoder/reconstruction": Term(std, settings=("decoder_std",)), "autoencoder/kl": kl}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, settings = batch.target, self.settings
        self.batches += 1
        beta = settings.beta * min(1.0, int(self.batches) / max(settings.warm_up, 1))
        mean, logvar = self.encode(x)
        z = mean + torch.exp(logvar / 2) * batch.normal(settings.latent)
        yield (
            "autoencoder",
            {
                "reconstruction": (x - self.decode(z)).square().mean() / (2 * settings.decoder_std**2),
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
        """The image decoded from the mean of its code."""
        return self.decode(self.encode(image)[0])

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.reconstruct(source)

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor:
        device = next(self.parameters()).device
        return self.decode(torch.randn(count, self.settings.latent).to(device))

    def interpolate(self, one: Tensor, other: Tensor, count: int) -> Tensor:
        """Images (count, channel, *size) decoded from the line between the codes of two images (1, channel, *size)."""
        (start, _), (end, _) = self.encode(one), self.encode(other)
        return self.decode(torch.lerp(start, end, torch.linspace(0, 1, count).to(start)[:, None]))
