"""Decoder: generates an image of fixed size from a vector, by repeated doubling; the generator of DCGAN.

Radford et al., ICLR 2016, https://arxiv.org/abs/1511.06434, section 3; with resize convolutions in place of transposed
ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, MinLen
from torch import nn

from medtrans.networks._blocks import ResizeConvolution, normal_weights
from medtrans.networks._norms import Norm, make_norm
from medtrans.networks._settings import Activation, NetworkSettings, Role, activation
from medtrans.networks.encoder import halved


@dataclass(frozen=True, kw_only=True)
class DecoderSettings(NetworkSettings):
    role: ClassVar[Role] = "decoder"
    name: Literal["decoder"] = "decoder"
    channels: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(1)] = (32, 64, 128, 256)
    """Features before each doubling, the last one first; the paper's are 64, 128, 256, 512."""
    norm: Norm = "channel"
    """Normalisation between the layers; the paper's is batch."""
    activation: Activation = "none"
    """Activation of the output; tanh is the paper's."""

    @property
    def divisor(self) -> int:
        return int(2 ** len(self.channels))

    def build(self, spatial_dims: int, in_channels: int, out_channels: int, size: Sequence[int] = ()) -> nn.Module:
        """A network from vectors (batch, in_channels) to images (batch, out_channels, *size). Raises UsageError."""
        inner, widths = halved(size, self.divisor), self.channels[::-1]
        layers: list[nn.Module] = [
            nn.Linear(in_channels, widths[0] * math.prod(inner)),
            nn.Unflatten(1, (widths[0], *inner)),
        ]
        for before, after in pairwise((*widths, out_channels)):
            layers += [
                make_norm(self.norm, spatial_dims, before),
                nn.ReLU(),
                ResizeConvolution(spatial_dims, before, after),
            ]
        return normal_weights(nn.Sequential(*layers, activation(self.activation)))
