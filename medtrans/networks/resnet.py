"""CycleGAN's generator: two halvings, residual blocks, two doublings.

Johnson et al., ECCV 2016, https://arxiv.org/abs/1603.08155, as used by Zhu et al., https://arxiv.org/abs/1703.10593
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge
from torch import Tensor, nn

from medtrans.networks.blocks import Conv, ConvTransposed, ReflectionPad, ResizeConvolution, normal_weights
from medtrans.networks.norms import Norm, make_norm
from medtrans.networks.settings import Activation, NetworkSettings, activation


@dataclass(frozen=True, kw_only=True)
class ResNetSettings(NetworkSettings):
    name: Literal["resnet"] = "resnet"
    filters: Annotated[int, Ge(1)] = 64
    """Features at full resolution; four times as many inside."""
    blocks: Annotated[int, Ge(1)] = 9
    """Residual blocks; the paper takes 6 for 128², 9 for 256²."""
    norm: Norm = "channel"
    """Normalisation; the paper's is instance, which gives tiles of different tone."""
    upsampling: Literal["resize", "transposed"] = "resize"
    """resize gives no checkerboards; transposed is the paper's."""
    activation: Activation = "none"
    """What the output passes through; tanh is the paper's."""

    @property
    def divisor(self) -> int:
        return 4

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        n, norm = self.filters, self.norm
        layers = [*_block(spatial_dims, in_channels, n, 7, norm)]
        for channels in (n, 2 * n):
            layers += [
                Conv[spatial_dims](channels, 2 * channels, 3, stride=2, padding=1),
                make_norm(norm, spatial_dims, 2 * channels),
                nn.ReLU(inplace=True),
            ]
        layers += [Residual(spatial_dims, 4 * n, norm) for _ in range(self.blocks)]
        for channels in (4 * n, 2 * n):
            layers += [
                self._doubling(spatial_dims, channels, channels // 2),
                make_norm(norm, spatial_dims, channels // 2),
                nn.ReLU(inplace=True),
            ]
        layers += [ReflectionPad[spatial_dims](3), Conv[spatial_dims](n, out_channels, 7), activation(self.activation)]
        return normal_weights(nn.Sequential(*layers))

    def _doubling(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        if self.upsampling == "resize":
            return ResizeConvolution(spatial_dims, in_channels, out_channels)
        return ConvTransposed[spatial_dims](in_channels, out_channels, 3, stride=2, padding=1, output_padding=1)


class Residual(nn.Module):
    """x + two convolutions of x, the borders reflected."""

    def __init__(self, spatial_dims: int, channels: int, norm: Norm) -> None:
        super().__init__()
        self.change = nn.Sequential(
            *_block(spatial_dims, channels, channels, 3, norm),
            *_block(spatial_dims, channels, channels, 3, norm)[:-1],
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.change(x)


def _block(spatial_dims: int, in_channels: int, out_channels: int, width: int, norm: Norm) -> list[nn.Module]:
    return [
        ReflectionPad[spatial_dims](width // 2),
        Conv[spatial_dims](in_channels, out_channels, width),
        make_norm(norm, spatial_dims, out_channels),
        nn.ReLU(inplace=True),
    ]
