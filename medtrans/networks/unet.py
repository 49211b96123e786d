"""U-Net with resize convolutions: the default generator, small enough for a PC without a GPU.

Ronneberger et al., MICCAI 2015, https://arxiv.org/abs/1505.04597, figure 1; upsampling by nearest neighbours and
convolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge, MinLen
from torch import Tensor, nn
from torch.nn.functional import interpolate

from medtrans.networks._blocks import Conv, DoubleConv
from medtrans.networks._norms import Norm
from medtrans.networks._settings import Activation, EncodingSettings, Role, activation


@dataclass(frozen=True, kw_only=True)
class UNetSettings(EncodingSettings):
    role: ClassVar[Role] = "generator"
    name: Literal["unet"] = "unet"
    channels: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(2)] = (24, 48, 96, 192, 192)
    """Features at each level, from full resolution down; each level halves the resolution."""
    norm: Norm = "channel"
    """Normalisation; channel avoids intensity seams between windows, batch learns faster from whole slices
    (docs/decisions/0003)."""
    activation: Activation = "none"
    """Activation of the output."""

    @property
    def divisor(self) -> int:
        return int(2 ** (len(self.channels) - 1))

    def encoded(self, in_channels: int) -> tuple[int, ...]:
        """Channels of each of the features that the network returns when it is called with `encode`."""
        return self.channels

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> UNet:
        return UNet(self, spatial_dims, in_channels, out_channels)


class UNet(nn.Module):
    """Two convolutions per level of the encoder and the decoder; skip connections are concatenated."""

    def __init__(self, settings: UNetSettings, spatial_dims: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        levels, norm = settings.channels, settings.norm
        self.first = DoubleConv(spatial_dims, in_channels, levels[0], norm)
        self.down = nn.ModuleList(DoubleConv(spatial_dims, upper, lower, norm) for upper, lower in pairwise(levels))
        self.up = nn.ModuleList(
            DoubleConv(spatial_dims, lower + upper, upper, norm) for upper, lower in reversed(list(pairwise(levels)))
        )
        self.last = Conv[spatial_dims](levels[0], out_channels, 1)
        self.activation = activation(settings.activation)
        self.halve = (nn.MaxPool2d if spatial_dims == 2 else nn.MaxPool3d)(2)

    def forward(self, x: Tensor, encode: bool = False, decode: bool = False) -> Tensor | list[Tensor]:
        """The output; with `encode` instead the features of the encoder, from full resolution down.

        With `decode` a list: the output, then the features of the decoder from half of the resolution down.
        """
        features = [self.first(x)]
        for level in self.down:
            features.append(level(self.halve(features[-1])))
        if encode:
            return features
        y = features.pop()
        decoded: list[Tensor] = []
        for level in self.up:
            y = level(torch.cat([interpolate(y, scale_factor=2.0, mode="nearest"), features.pop()], dim=1))
            decoded.insert(0, y)
        output = self.activation(self.last(y))
        return [output, *decoded[1:]] if decode else output
