"""Multi-scale discriminator: several PatchGANs, each at half the resolution of the one before.

Wang et al. (pix2pixHD), CVPR 2018, https://arxiv.org/abs/1711.11585, section 3.2
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, avg_pool3d

from medtrans.networks._norms import Norm
from medtrans.networks._settings import NetworkSettings, Role
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings


@dataclass(frozen=True, kw_only=True)
class MultiscaleDiscriminatorSettings(NetworkSettings):
    role: ClassVar[Role] = "discriminator"
    name: Literal["multiscale_discriminator"] = "multiscale_discriminator"
    scales: Annotated[int, Ge(1)] = 2
    """Number of discriminators; the paper takes 3 for images of 1024 pixels."""
    filters: Annotated[int, Ge(1)] = 64
    """Features of the first layer of each."""
    layers: Annotated[int, Ge(1)] = 3
    """Halvings in each."""
    norm: Norm = "channel"
    """Normalisation between the layers."""

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        one = PatchDiscriminatorSettings(filters=self.filters, layers=self.layers, norm=self.norm)
        discriminators = [one.build(spatial_dims, in_channels, out_channels) for _ in range(self.scales)]
        return MultiscaleDiscriminator(discriminators, spatial_dims)


class MultiscaleDiscriminator(nn.Module):
    """Returns one tensor of logits per scale, the finest first; with `features`, also the hidden layers of each."""

    def __init__(self, discriminators: list[nn.Module], spatial_dims: int) -> None:
        super().__init__()
        self.discriminators = nn.ModuleList(discriminators)
        self.halve = avg_pool2d if spatial_dims == 2 else avg_pool3d

    def forward(self, x: Tensor, features: bool = False) -> list[Tensor] | tuple[list[Tensor], list[list[Tensor]]]:
        logits: list[Tensor] = []
        hidden: list[list[Tensor]] = []
        for discriminator in self.discriminators:
            one, layers = discriminator(x, features=True)
            logits, hidden = logits + one, hidden + layers
            x = self.halve(x, 3, stride=2, padding=1, count_include_pad=False)
        return (logits, hidden) if features else logits
