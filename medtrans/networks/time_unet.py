"""Time-conditioned U-Net: the denoiser of diffusion and the velocity of flows.

Ho et al., NeurIPS 2020, https://arxiv.org/abs/2006.11239, appendix B; MONAI's DiffusionModelUNet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, MinLen
from monai.networks.nets import DiffusionModelUNet
from torch import Tensor, nn

from medtrans.networks._norms import Norm, replace_norms
from medtrans.networks._settings import NetworkSettings, Role


@dataclass(frozen=True, kw_only=True)
class TimeUNetSettings(NetworkSettings):
    role: ClassVar[Role] = "denoiser"
    name: Literal["time_unet"] = "time_unet"
    channels: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(2)] = (32, 64, 96, 128)
    """Features at each level, from full resolution down; each level halves the resolution. The first is even."""
    blocks: Annotated[int, Ge(1)] = 1
    """Residual blocks per level on the way down, one more on the way up; the paper's are 2."""
    attention: bool = False
    """Self-attention between all voxels of the lowest level: expensive in 3D, and windows no longer agree."""
    norm: Norm = "channel"
    """Normalisation; channel avoids intensity seams between windows, group is the paper's."""

    @property
    def divisor(self) -> int:
        return int(2 ** (len(self.channels) - 1))

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        return TimeUNet(self, spatial_dims, in_channels, out_channels)


class TimeUNet(nn.Module):
    """MONAI's network, with any norm, and without attention in its middle unless set."""

    def __init__(self, settings: TimeUNetSettings, spatial_dims: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        levels, common = settings.channels, math.gcd(32, *settings.channels)
        self.unet = DiffusionModelUNet(
            spatial_dims,
            in_channels,
            out_channels,
            num_res_blocks=settings.blocks,
            channels=levels,
            attention_levels=[False] * len(levels),
            norm_num_groups=common,
            num_head_channels=common,
        )
        if not settings.attention:
            self.unet.middle_block.attention = nn.Identity()
        replace_norms(self.unet, settings.norm, spatial_dims)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """`x` (batch, in_channels, *space) at the times `t` (batch,), from 0 to 1."""
        # The sinusoidal embedding is scaled for a thousand steps.
        return self.unet(x, 1000 * t)
