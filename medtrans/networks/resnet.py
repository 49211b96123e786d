"""ResNet generator of CycleGAN: two halvings, residual blocks, two doublings.

Johnson et al., ECCV 2016, https://arxiv.org/abs/1603.08155, as used by Zhu et al., ICCV 2017,
https://arxiv.org/abs/1703.10593, appendix 7.2
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge
from torch import Tensor, nn

from medtrans.networks._blocks import Conv, ConvTransposed, ReflectionPad, ResizeConvolution, normal_weights
from medtrans.networks._norms import Norm, make_norm
from medtrans.networks._settings import Activation, EncodingSettings, Role, activation


@dataclass(frozen=True, kw_only=True)
class ResNetSettings(EncodingSettings):
    role: ClassVar[Role] = "generator"
    name: Literal["resnet"] = "resnet"
    filters: Annotated[int, Ge(1)] = 64
    """Features at full resolution; four times as many inside."""
    blocks: Annotated[int, Ge(1)] = 9
    """Residual blocks; the paper takes 6 for 128², 9 for 256²."""
    norm: Norm = "channel"
    """Normalisation; the paper's is instance, which gives intensity seams between windows."""
    upsampling: Literal["resize", "transposed"] = "resize"
    """resize gives no checkerboards; transposed is the paper's."""
    activation: Activation = "none"
    """Activation of the output; tanh is the paper's."""

    @property
    def divisor(self) -> int:
        return 4

    def encoded(self, in_channels: int) -> tuple[int, ...]:
        """Channels of each of the features that the network returns when it is called with `encode`.

        These are CUT's: the image, both halvings, the first and the middle residual block.
        """
        return in_channels, 2 * self.filters, *[4 * self.filters] * 3

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        n, norm = self.filters, self.norm
        layers = [*_block(spatial_dims, in_channels, n, 7, norm)]
        encoded = []
        for channels in (n, 2 * n):
            layers += [
                Conv[spatial_dims](channels, 2 * channels, 3, stride=2, padding=1),
                make_norm(norm, spatial_dims, 2 * channels),
                nn.ReLU(inplace=True),
            ]
            encoded.append(len(layers))
        encoded += [len(layers) + 1, len(layers) + 1 + self.blocks // 2]
        layers += [Residual(spatial_dims, 4 * n, norm) for _ in range(self.blocks)]
        for channels in (4 * n, 2 * n):
            layers += [
                self._doubling(spatial_dims, channels, channels // 2),
                make_norm(norm, spatial_dims, channels // 2),
                nn.ReLU(inplace=True),
            ]
        layers += [ReflectionPad[spatial_dims](3), Conv[spatial_dims](n, out_channels, 7), activation(self.activation)]
        return normal_weights(ResNet(layers, encoded))

    def _doubling(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        if self.upsampling == "resize":
            return ResizeConvolution(spatial_dims, in_channels, out_channels)
        return ConvTransposed[spatial_dims](in_channels, out_channels, 3, stride=2, padding=1, output_padding=1)


class ResNet(nn.Sequential):
    """Layers in sequence; with `encode`, returns the input and the outputs after the numbers of layers in `encoded`."""

    def __init__(self, layers: list[nn.Module], encoded: list[int]) -> None:
        super().__init__(*layers)
        self.encoded = encoded

    def forward(self, x: Tensor, encode: bool = False) -> Tensor | list[Tensor]:
        if not encode:
            return super().forward(x)
        features = [x]
        for first, last in pairwise((0, *self.encoded)):
            for layer in list(self)[first:last]:
                x = layer(x)
            features.append(x)
        return features


class Residual(nn.Module):
    """Residual block: x + two convolutions of x, with reflection padding."""

    def __init__(self, spatial_dims: int, channels: int, norm: Norm) -> None:
        super().__init__()
        self.change = nn.Sequential(
            *_block(spatial_dims, channels, channels, 3, norm),
            *_block(spatial_dims, channels, channels, 3, norm)[:-1],
        )

    def forward(self, x: Tensor) -> Tensor:
        # In this order the sum has the memory layout of the convolutions.
        return self.change(x) + x


def _block(spatial_dims: int, in_channels: int, out_channels: int, width: int, norm: Norm) -> list[nn.Module]:
    convolution = Conv[spatial_dims](in_channels, out_channels, width)
    norm_layer = make_norm(norm, spatial_dims, out_channels)
    return [ReflectionPad[spatial_dims](width // 2), convolution, norm_layer, nn.ReLU(inplace=True)]
