"""Autoencoder with a KL penalty whose code is a small image: the first stage of latent diffusion.

Rombach et al., CVPR 2022, https://arxiv.org/abs/2112.10752, section 3.1; MONAI's AutoencoderKL.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge, MinLen
from monai.networks.nets import AutoencoderKL
from torch import Tensor, nn

from medtrans.networks._norms import Norm, replace_norms
from medtrans.networks._settings import NetworkSettings, Role


@dataclass(frozen=True, kw_only=True)
class AutoencoderKLSettings(NetworkSettings):
    role: ClassVar[Role] = "autoencoder"
    name: Literal["autoencoder_kl"] = "autoencoder_kl"
    channels: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(2)] = (32, 64, 64)
    """Features at each level, from full resolution down; each level halves the resolution."""
    latent: Annotated[int, Ge(1)] = 4
    """Channels of the code."""
    blocks: Annotated[int, Ge(1)] = 1
    """Residual blocks per level; the paper's are 2."""
    attention: bool = False
    """Self-attention between all voxels of the code: expensive in 3D, and windows no longer agree."""
    norm: Norm = "channel"
    """Normalisation; channel avoids intensity seams between windows, group is the paper's."""

    @property
    def divisor(self) -> int:
        """Also the downsampling factor of the code."""
        return int(2 ** (len(self.channels) - 1))

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> KLAutoencoder:
        return KLAutoencoder(self, spatial_dims, in_channels, out_channels)


class KLAutoencoder(nn.Module):
    """MONAI's network, with any norm; its codes, as diffusion takes them, are scaled to a mean square of 1."""

    power: Tensor

    def __init__(self, settings: AutoencoderKLSettings, spatial_dims: int, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.inner = AutoencoderKL(
            spatial_dims,
            in_channels,
            out_channels,
            num_res_blocks=settings.blocks,
            channels=settings.channels,
            attention_levels=[False] * len(settings.channels),
            latent_channels=settings.latent,
            norm_num_groups=math.gcd(32, *settings.channels),
            with_encoder_nonlocal_attn=settings.attention,
            with_decoder_nonlocal_attn=settings.attention,
        )
        replace_norms(self.inner, settings.norm, spatial_dims)
        self.register_buffer("power", torch.ones(()))

    def forward(self, image: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The reconstruction from a code sampled with `noise`, and the mean and log variance of the code."""
        mean, std = self.inner.encode(image)
        if self.training:
            self.power.lerp_(mean.detach().square().mean().to(self.power), 0.01)
        return self.inner.decode(mean + std * noise), mean, 2 * std.log()

    def encode(self, image: Tensor) -> Tensor:
        """The mean code (batch, latent, *space / divisor), scaled by the running mean square of about 100 steps."""
        return self.inner.encode(image)[0] / self.power.sqrt()

    def decode(self, code: Tensor) -> Tensor:
        """The image of a scaled code."""
        return self.inner.decode(code * self.power.sqrt())
