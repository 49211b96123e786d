"""U-Net with a residual encoder, of nnU-Net: many residual blocks on the way down, one convolution on the way up.

Isensee et al., MICCAI 2024, https://arxiv.org/abs/2404.09556 (ResEnc L); residual blocks of He et al., CVPR 2016,
https://arxiv.org/abs/1512.03385, whose identity is averaged where they halve, as in He et al., CVPR 2019,
https://arxiv.org/abs/1812.01187 (ResNet-D)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge, MinLen
from torch import Tensor, nn

from medtrans.core.errors import UsageError
from medtrans.networks._blocks import Conv, ConvTransposed, ResizeConvolution
from medtrans.networks._norms import Norm, make_norm
from medtrans.networks._settings import Activation, EncodingSettings, Role, activation


@dataclass(frozen=True, kw_only=True)
class ResidualEncoderUNetSettings(EncodingSettings):
    role: ClassVar[Role] = "generator"
    name: Literal["residual_encoder_unet"] = "residual_encoder_unet"
    channels: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(2)] = (32, 64, 128, 256, 320, 320)
    """Features at each level, from full resolution down; each level halves the resolution. With the default blocks
    107 million weights in 3D, and 102 million with the paper's upsampling."""
    blocks: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(2)] = (1, 3, 4, 6, 6, 6)
    """Residual blocks of the encoder at each level."""
    norm: Norm = "channel"
    """Normalisation; the paper's is instance, which gives intensity seams between windows."""
    upsampling: Literal["resize", "transposed"] = "resize"
    """resize gives no checkerboards; transposed is the paper's."""
    activation: Activation = "none"
    """Activation of the output."""

    @property
    def divisor(self) -> int:
        return int(2 ** (len(self.channels) - 1))

    def encoded(self, in_channels: int) -> tuple[int, ...]:
        """Channels of each of the features that the network returns when it is called with `encode`."""
        return self.channels

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> ResidualEncoderUNet:
        """Raises UsageError where channels and blocks are not of the same levels."""
        if len(self.blocks) != len(self.channels):
            what = f"{len(self.blocks)} levels, but channels have {len(self.channels)}"
            raise UsageError("residual_encoder_unet.blocks", what, "give a number of blocks for each level")
        return ResidualEncoderUNet(self, spatial_dims, in_channels, out_channels)


class ResidualEncoderUNet(nn.Module):
    """Skip connections are concatenated to what is doubled from below."""

    def __init__(
        self, settings: ResidualEncoderUNetSettings, spatial_dims: int, in_channels: int, out_channels: int
    ) -> None:
        super().__init__()
        levels, norm, dims = settings.channels, settings.norm, spatial_dims
        self.first = _convolution(dims, in_channels, levels[0], norm)
        self.down = nn.ModuleList(
            nn.Sequential(
                Residual(dims, levels[max(level - 1, 0)], features, norm, stride=2 if level else 1),
                *(Residual(dims, features, features, norm) for _ in range(count - 1)),
            )
            for level, (features, count) in enumerate(zip(levels, settings.blocks, strict=True))
        )
        rising = list(reversed(list(pairwise(levels))))
        self.enlarge = nn.ModuleList(_doubling(dims, lower, upper, settings.upsampling) for upper, lower in rising)
        self.up = nn.ModuleList(_convolution(dims, 2 * upper, upper, norm) for upper, _ in rising)
        self.last = Conv[dims](levels[0], out_channels, 1)
        self.activation = activation(settings.activation)

    def forward(self, x: Tensor, encode: bool = False) -> Tensor | list[Tensor]:
        """The output; with `encode` instead the features of the encoder, from full resolution down."""
        y, features = self.first(x), []
        for level in self.down:
            y = level(y)
            features.append(y)
        if encode:
            return features
        y = features.pop()
        for enlarge, convolution in zip(self.enlarge, self.up, strict=True):
            y = convolution(torch.cat([enlarge(y), features.pop()], dim=1))
        output: Tensor = self.activation(self.last(y))
        return output


class Residual(nn.Module):
    """Residual block: leaky ReLU of the sum of x and two convolutions of x; where it halves, of the averages of x."""

    def __init__(self, spatial_dims: int, in_channels: int, out_channels: int, norm: Norm, *, stride: int = 1) -> None:
        super().__init__()
        self.change = nn.Sequential(
            _convolution(spatial_dims, in_channels, out_channels, norm, stride),
            *list(_convolution(spatial_dims, out_channels, out_channels, norm))[:-1],
        )
        pool = (nn.AvgPool2d if spatial_dims == 2 else nn.AvgPool3d)(2, stride=2)
        halved = [pool] if stride == 2 else []
        project = [
            Conv[spatial_dims](in_channels, out_channels, 1, bias=False),
            make_norm(norm, spatial_dims, out_channels),
        ]
        self.identity = nn.Sequential(*halved, *(project if in_channels != out_channels else []))
        self.nonlinearity = nn.LeakyReLU(0.01, inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.nonlinearity(self.change(x) + self.identity(x))
        return output


def _doubling(dims: int, in_channels: int, out_channels: int, upsampling: str) -> nn.Module:
    if upsampling == "resize":
        return ResizeConvolution(dims, in_channels, out_channels)
    return ConvTransposed[dims](in_channels, out_channels, 2, stride=2)


def _convolution(dims: int, in_channels: int, out_channels: int, norm: Norm, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        Conv[dims](in_channels, out_channels, 3, stride=stride, padding=1),
        make_norm(norm, dims, out_channels),
        nn.LeakyReLU(0.01, inplace=True),
    )
