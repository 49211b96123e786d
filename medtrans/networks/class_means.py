"""Class means: a network that names the tissue of each voxel, and answers with the mean intensity of what it may be.

    y_i = Σ_k p_ik m_k          p_i = softmax(U(x))_i

U is a U-Net with a channel for each class k, and m_k the intensity of that class. Of HU, a synthetic CT from the
probabilities of tissues: Hsu et al., Phys Med Biol 2013, https://doi.org/10.1088/0031-9155/58/23/8419. A segmenter
becomes such a generator without training (pipelines/head_tissues/as_image.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import MinLen
from torch import Tensor, nn

from medtrans.networks._settings import NetworkSettings, Role
from medtrans.networks.unet import UNetSettings


@dataclass(frozen=True, kw_only=True)
class ClassMeansSettings(NetworkSettings):
    role: ClassVar[Role] = "generator"
    name: Literal["class_means"] = "class_means"
    network: UNetSettings = UNetSettings()
    """The network U, whose last layer has a channel for each class."""
    means: Annotated[tuple[float, ...], MinLen(2)] = (-1.0, -0.5, 0.0, 0.5, 1.0)
    """Normalised intensity of each class, -1 … 1 as the targets are; no output lies beyond them."""

    @property
    def divisor(self) -> int:
        return self.network.divisor

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> ClassMeans:
        return ClassMeans(self, spatial_dims, in_channels, out_channels)


class ClassMeans(nn.Module):
    """Each output channel has classes of its own."""

    means: Tensor

    def __init__(self, settings: ClassMeansSettings, spatial_dims: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.classes = len(settings.means)
        self.U = settings.network.build(spatial_dims, in_channels, out_channels * self.classes)
        means = torch.tensor(settings.means).reshape(-1, *[1] * spatial_dims)
        self.register_buffer("means", means, persistent=False)

    def forward(self, x: Tensor, classes: bool = False) -> Tensor:
        """The means (batch, channel, *space); with `classes` instead the probabilities (batch, class, *space)."""
        probabilities = self.U(x).unflatten(1, (-1, self.classes)).softmax(dim=2)
        return probabilities.flatten(1, 2) if classes else (probabilities * self.means).sum(dim=2)
