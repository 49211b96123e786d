"""Autoencoder: reconstructs an image from a short code; not a generative model.

    min  E | D(E(x)) - x |        or  (D(E(x)) - x)²

x is the image. The distribution of the codes E(x) is not regularised, so decoding N(0, I) gives no valid image.
Hinton & Salakhutdinov, Science 2006, https://doi.org/10.1126/science.1127647, figure 1. Published for faces: 30 numbers
in a code and fully connected layers, trained one by one; here the layers are convolutions and the code has 128 numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
from medtrans.networks.decoder import DecoderSettings
from medtrans.networks.encoder import EncoderSettings


@dataclass(frozen=True, kw_only=True)
class AutoencoderSettings(Settings):
    encoder: EncoderSettings = EncoderSettings()
    """The network E from image to code."""
    decoder: DecoderSettings = DecoderSettings()
    """The network D from code to image."""
    latent: Annotated[int, Ge(1)] = 128
    """Numbers in a code: the bottleneck."""
    distance: Literal["l1", "l2"] = "l2"
    """Loss between an image and its reconstruction."""


class Autoencoder(Method):
    """One player. The loss covers all voxels, air too, since whole images are generated."""

    Settings = AutoencoderSettings
    paper: ClassVar[str] = "Hinton & Salakhutdinov, Science 2006, https://doi.org/10.1126/science.1127647"
    PUBLISHED = AutoencoderSettings(latent=30, distance="l2")
    optimizer = OptimizerSettings(learning_rate=1e-3)
    """Adam's own values; published before Adam, with conjugate gradients."""
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: AutoencoderSettings) -> None:
        super().__init__(task, settings)
        dims, channels, size = task.spatial_dims, task.target_channels, task.size
        self.E = settings.encoder.build(dims, channels, settings.latent, size)
        self.D = settings.decoder.build(dims, settings.latent, channels, size)
        self.divisor = size

    def players(self) -> dict[str, list[nn.Module]]:
        return {"autoencoder": [self.E, self.D]}

    @classmethod
    def terms(cls, settings: AutoencoderSettings) -> dict[str, Term]:
        text = "mean absolute error" if settings.distance == "l1" else "mean squared error"
        return {f"autoencoder/{settings.distance}": Term(f"{text} of the reconstruction", settings=("distance",))}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        distance = l1_loss if self.settings.distance == "l1" else mse_loss
        yield "autoencoder", {self.settings.distance: distance(self.reconstruct(batch.target), batch.target)}

    def encode(self, image: Tensor) -> Tensor:
        """Images (batch, channel, *size) → codes (batch, latent)."""
        return self.E(image)

    def decode(self, code: Tensor) -> Tensor:
        """Codes (batch, latent) → images."""
        return self.D(code)

    def reconstruct(self, image: Tensor) -> Tensor:
        return self.decode(self.encode(image))

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.reconstruct(source)

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor:
        """Decoded standard normal codes: no valid images, for comparison with those of a VAE."""
        device = next(self.parameters()).device
        return self.decode(torch.randn(count, self.settings.latent).to(device))
