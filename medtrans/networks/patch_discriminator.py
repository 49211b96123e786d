"""PatchGAN discriminator: classifies overlapping patches, 70 pixels wide with three layers.

Isola et al., CVPR 2017, https://arxiv.org/abs/1611.07004, section 3.2.2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge
from torch import Tensor, nn

from medtrans.core.errors import UsageError
from medtrans.networks._blocks import Conv, normal_weights
from medtrans.networks._norms import Norm, make_norm
from medtrans.networks._settings import NetworkSettings, Role


@dataclass(frozen=True, kw_only=True)
class PatchDiscriminatorSettings(NetworkSettings):
    role: ClassVar[Role] = "discriminator"
    name: Literal["patch_discriminator"] = "patch_discriminator"
    filters: Annotated[int, Ge(1)] = 64
    """Features of the first layer; doubled at each of the next three."""
    layers: Annotated[int, Ge(1)] = 3
    """Halvings: the receptive field is 16 pixels with 1, 34 with 2, 70 with 3."""
    norm: Norm = "channel"
    """Normalisation between the layers."""

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        return PatchDiscriminator(self, spatial_dims, in_channels, out_channels)


class PatchDiscriminator(nn.Module):
    """Returns a list of one tensor of logits (batch, 1, *patches); with `features`, also the hidden layers' outputs."""

    def __init__(
        self, settings: PatchDiscriminatorSettings, spatial_dims: int, in_channels: int, out_channels: int
    ) -> None:
        super().__init__()
        conv, width = Conv[spatial_dims], settings.filters
        layers: list[nn.Module] = [conv(in_channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
        for layer in range(1, settings.layers + 1):
            wider = settings.filters * min(2**layer, 8)
            stride = 2 if layer < settings.layers else 1
            layers += [
                conv(width, wider, 4, stride=stride, padding=1),
                make_norm(settings.norm, spatial_dims, wider),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            width = wider
        layers.append(conv(width, out_channels, 4, padding=1))
        self.layers = normal_weights(nn.Sequential(*layers))
        self.smallest = 3 * 2**settings.layers

    def forward(self, x: Tensor, features: bool = False) -> list[Tensor] | tuple[list[Tensor], list[list[Tensor]]]:
        if min(x.shape[2:]) < self.smallest:
            raise UsageError(
                "method.discriminator",
                f"an image of {tuple(x.shape[2:])} voxels is too small, {self.smallest} are needed",
                "enlarge preparing.patch, or set fewer layers or scales",
            )
        hidden = []
        for layer in self.layers.children():
            x = layer(x)
            if isinstance(layer, nn.LeakyReLU):
                hidden.append(x)
        return ([x], [hidden]) if features else [x]
