"""Glow: an invertible network of pixel unshuffling, channel mixing and affine couplings, conditioned on a second image.

    mixing:    y ← W y                                log|det| = log|det W| for each voxel
    coupling:  y = (a, b),  b ← exp(s) b + t          log|det| = Σ s,    (s, t) = a network of a and the second image

Kingma & Dhariwal, NeurIPS 2018, https://arxiv.org/abs/1807.03039, table 1; the second image: Lu & Huang, 2019,
https://arxiv.org/abs/1905.13288
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge
from torch import Tensor, nn

from medtrans.core.errors import UsageError
from medtrans.networks._blocks import Conv, DoubleConv
from medtrans.networks._pixel_shuffle import pixel_shuffle, pixel_unshuffle
from medtrans.networks._settings import NetworkSettings, Role


@dataclass(frozen=True, kw_only=True)
class CouplingFlowSettings(NetworkSettings):
    role: ClassVar[Role] = "flow"
    name: Literal["coupling_flow"] = "coupling_flow"
    scales: Annotated[int, Ge(0)] = 2
    """Halvings of the resolution; couplings follow each. Without one, the image needs two channels."""
    layers: Annotated[int, Ge(1)] = 6
    """Couplings at each scale; the paper's are 32."""
    features: Annotated[int, Ge(1)] = 64
    """Features inside a coupling; the paper's are 512."""

    @property
    def divisor(self) -> int:
        return int(2**self.scales)

    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        """A flow of images with `out_channels`, conditioned on images with `in_channels`. Raises UsageError."""
        return CouplingFlow(self, spatial_dims, in_channels, out_channels)


class CouplingFlow(nn.Module):
    """Image (batch, channel, *space) and second image → noise of the same shape and log|det| (batch,); or back."""

    def __init__(
        self, settings: CouplingFlowSettings, spatial_dims: int, condition_channels: int, channels: int
    ) -> None:
        super().__init__()
        if not settings.scales and channels < 2:
            raise UsageError("method.flow.scales", "one channel cannot be split in two halves", "set 1 or more")
        self.factors = [2**scale for scale in range(1, settings.scales + 1)] or [1]
        self.scales = nn.ModuleList(
            nn.ModuleList(
                Step(
                    spatial_dims,
                    condition_channels * factor**spatial_dims,
                    channels * factor**spatial_dims,
                    settings.features,
                )
                for _ in range(settings.layers)
            )
            for factor in self.factors
        )

    def forward(self, y: Tensor, x: Tensor, inverse: bool = False) -> tuple[Tensor, Tensor]:
        """`y` given the second image `x`; with `inverse`, `y` is noise. log|det| is that of the direction taken."""
        logdet, direction = y.new_zeros(len(y)), -1 if inverse else 1
        for factor, steps in list(zip(self.factors, self.scales, strict=True))[::direction]:
            y, condition = pixel_unshuffle(y, factor), pixel_unshuffle(x, factor)
            for step in list(steps.children())[::direction]:
                y, more = step(y, condition, inverse)
                logdet = logdet + more
            y = pixel_shuffle(y, factor)
        return y, logdet


class Step(nn.Module):
    """A channel mixing and a coupling; initially a rotation."""

    def __init__(self, spatial_dims: int, condition_channels: int, channels: int, features: int) -> None:
        super().__init__()
        self.halves = [channels - channels // 2, channels // 2]
        self.mixing = nn.Parameter(nn.init.orthogonal_(torch.empty(channels, channels)))
        self.inner = DoubleConv(spatial_dims, self.halves[0] + condition_channels, features, "channel")
        self.last = Conv[spatial_dims](features, 2 * self.halves[1], 3, padding=1)
        for weight in self.last.parameters():
            nn.init.zeros_(weight)

    def forward(self, y: Tensor, x: Tensor, inverse: bool) -> tuple[Tensor, Tensor]:
        if not inverse:
            y = _mix(y, self.mixing)
        a, b = y.split(self.halves, dim=1)
        s, t = self.last(self.inner(torch.cat([a, x], dim=1))).chunk(2, dim=1)
        # |s| is at most 2, so that the inverse is exact enough in float32.
        s = 2 * torch.tanh(s / 2)
        logdet = s.flatten(1).sum(1) + y[0, 0].numel() * torch.linalg.slogdet(self.mixing)[1]
        if not inverse:
            return torch.cat([a, torch.exp(s) * b + t], dim=1), logdet
        return _mix(torch.cat([a, torch.exp(-s) * (b - t)], dim=1), torch.linalg.inv(self.mixing)), -logdet


def _mix(y: Tensor, mixing: Tensor) -> Tensor:
    return torch.einsum("oc,bc...->bo...", mixing, y)
