"""Autoencoder: squeezes an image into a few numbers and makes it again from them; not a generative model.

    min  E | D(E(x)) - x |        or  (D(E(x)) - x)²

x is the image. Nothing shapes the codes E(x), so one that is drawn, and not encoded, decodes to nothing sensible.
Hinton & Salakhutdinov, Science 2006, https://doi.org/10.1126/science.1127647
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
from medtrans.core.settings import Settings
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
    """How an image is compared with what is made of it."""


class Autoencoder(Method):
    """One player. All voxels count, air too: images are made whole."""

    Settings = AutoencoderSettings
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: AutoencoderSettings) -> None:
        super().__init__(task, settings)
        dims, channels, size = task.spatial_dims, task.target_channels, task.size
        self.E = settings.encoder.build(dims, channels, settings.latent, size)
        self.D = settings.decoder.build(dims, settings.latent, channels, size)
        self.divisor = size

    def players(self) -> dict[str, list[nn.Module]]:
        return {"autoencoder": [self.E, self.D]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        distance = l1_loss if self.settings.distance == "l1" else mse_loss
        yield "autoencoder", {self.settings.distance: distance(self.reconstruct(batch.target), batch.target)}

    def encode(self, image: Tensor) -> Tensor:
        """Images (batch, channel, *size) → codes (batch, latent)."""
        return self.E(image)

    def decode(self, code: Tensor) -> Tensor:
        """The way back."""
        return self.D(code)

    def reconstruct(self, image: Tensor) -> Tensor:
        return self.decode(self.encode(image))

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.reconstruct(source)

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor:
        """What standard normal codes decode to: samples of nothing, to be seen beside those of a VAE."""
        device = next(self.parameters()).device
        return self.decode(torch.randn(count, self.settings.latent).to(device))
