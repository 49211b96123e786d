"""Residual-encoder U-Net: MONAI's SegResNet, upsampling by interpolation and convolution.

Myronenko, BrainLes 2018, https://arxiv.org/abs/1810.11654, section 2.1 and table 1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, MinLen
from monai.networks.layers.factories import Norm as MonaiNorm
from monai.networks.nets import SegResNet
from torch import nn

from medtrans.networks._norms import ChannelNorm, Norm
from medtrans.networks._settings import Activation, NetworkSettings, Role, activation

if "CHANNEL" not in MonaiNorm.names:
    MonaiNorm.add_factory_callable("channel", lambda dim: ChannelNorm)


@dataclass(frozen=True, kw_only=True)
class ResidualUNetSettings(NetworkSettings):
    role: ClassVar[Role] = "generator"
    name: Literal["residual_unet"] = "residual_unet"
    filters: Annotated[int, Ge(4)] = 16
    """Features at full resolution; doubled at each level."""
    blocks: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(2)] = (1, 2, 2, 4)
    """Residual blocks of the encoder at each level."""
    norm: Norm = "channel"
    """Normalisation; channel avoids intensity seams between windows."""
    activation: Activation = "none"
    """Activation of the output."""

    @property
    def divisor(self) -> int:
        return int(2 ** (len(self.blocks) - 1))

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        network = SegResNet(
            spatial_dims=spatial_dims,
            init_filters=self.filters,
            in_channels=in_channels,
            out_channels=out_channels,
            norm=_monai_norm(self.norm),
            blocks_down=self.blocks,
            blocks_up=(1,) * (len(self.blocks) - 1),
            upsample_mode="nontrainable",
        )
        return nn.Sequential(network, activation(self.activation))


def _monai_norm(norm: Norm) -> str | tuple[str, dict[str, object]]:
    """`norm` as an argument of MONAI's networks."""
    if norm == "none":
        return ""
    if norm == "group":
        return "group", {"num_groups": 4}
    return ("instance", {"affine": True}) if norm == "instance" else norm
