"""U-Net of pix2pix: halves the image down to a few voxels and back, with skip connections and dropout in the decoder.

Isola et al., CVPR 2017, https://arxiv.org/abs/1611.07004, appendix 6.1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from medtrans.networks._blocks import Conv, ConvTransposed, ResizeConvolution, normal_weights
from medtrans.networks._norms import Norm, make_norm
from medtrans.networks._settings import Activation, NetworkSettings, Role, activation


@dataclass(frozen=True, kw_only=True)
class Pix2PixUNetSettings(NetworkSettings):
    role: ClassVar[Role] = "generator"
    name: Literal["pix2pix_unet"] = "pix2pix_unet"
    filters: Annotated[int, Ge(1)] = 64
    """Features at the first level; doubled at each of the next three."""
    depth: Annotated[int, Ge(3), Le(9)] = 6
    """Halvings: the paper's U-Net for 256 pixels has 8 and needs sides that are multiples of 256."""
    dropout: Annotated[float, Ge(0), Le(0.9)] = 0.5
    """Probability of dropout in the three inner blocks of the decoder, in training only."""
    norm: Norm = "channel"
    """Normalisation; the paper's is batch."""
    upsampling: Literal["resize", "transposed"] = "resize"
    """resize gives no checkerboards; transposed is the paper's."""
    activation: Activation = "none"
    """Activation of the output; tanh is the paper's."""

    @property
    def divisor(self) -> int:
        return int(2**self.depth)

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        widths = [self.filters * min(2**level, 8) for level in range(self.depth)]
        inner: nn.Module | None = None
        for level in reversed(range(self.depth)):
            above = widths[level - 1] if level else in_channels
            inner = Level(self, spatial_dims, above, widths[level], inner, level, out_channels)
        assert inner is not None
        return normal_weights(nn.Sequential(inner, activation(self.activation)))


class Level(nn.Module):
    """Halving, the inner levels, doubling; the output is concatenated to the input, except at the outermost level."""

    def __init__(
        self,
        settings: Pix2PixUNetSettings,
        spatial_dims: int,
        above: int,
        width: int,
        inner: nn.Module | None,
        level: int,
        out_channels: int,
    ) -> None:
        super().__init__()
        outermost, innermost = level == 0, inner is None
        down: list[nn.Module] = [Conv[spatial_dims](above, width, 4, stride=2, padding=1)]
        if not outermost:
            down.insert(0, nn.LeakyReLU(0.2))
            if not innermost:
                down.append(make_norm(settings.norm, spatial_dims, width))
        up_from, up_to = width if innermost else 2 * width, out_channels if outermost else above
        up: list[nn.Module] = [nn.ReLU(), _doubling(settings, spatial_dims, up_from, up_to)]
        if not outermost:
            up.append(make_norm(settings.norm, spatial_dims, up_to))
        if settings.depth - 4 <= level < settings.depth - 1 and level > 0:
            up.append(nn.Dropout(settings.dropout))
        self.outermost = outermost
        self.path = nn.Sequential(*down, *([inner] if inner else []), *up)

    def forward(self, x: Tensor) -> Tensor:
        return self.path(x) if self.outermost else torch.cat([x, self.path(x)], dim=1)


def _doubling(settings: Pix2PixUNetSettings, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
    if settings.upsampling == "resize":
        return ResizeConvolution(spatial_dims, in_channels, out_channels)
    return ConvTransposed[spatial_dims](in_channels, out_channels, 4, stride=2, padding=1)
