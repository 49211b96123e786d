"""Normalisation layers, with ChannelNorm: each voxel divided by the root mean square of its own channels.

    y = x / sqrt(mean_c x² + eps)

The pixel norm of progressive GANs (Karras et al., ICLR 2018, https://arxiv.org/abs/1710.10196, section 4.2), with eps
1e-6: the RMSNorm of Zhang & Sennrich (NeurIPS 2019, https://arxiv.org/abs/1910.07467) without its gain. No mean is
subtracted and there is no gain and no bias, which a LayerNorm has (Ba et al. 2016, https://arxiv.org/abs/1607.06450).
It has no state and depends on no neighbour, so windows of one image agree, batch size 1 gives the same as 8, and two
processes the same as one. The default everywhere; the other norms are settings (docs/decisions/0003).
"""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor, nn

from medtrans.core.errors import UsageError

Norm = Literal["channel", "instance", "batch", "group", "none"]


class ChannelNorm(nn.Module):
    """(batch, channel, *space) in and out; no weights of its own."""

    def __init__(self, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return _Normalise.apply(x, self.eps) if self.training else x * _scale(x, self.eps)


class _Normalise(torch.autograd.Function):
    """The equation, and its derivative with half the memory traffic of autograd's."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.eps = eps
        return x * _scale(x, eps)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        scale = _scale(x, ctx.eps)
        projection = (grad * x).mean(dim=1, keepdim=True) * scale.square()
        return torch.addcmul(grad, x, projection, value=-1).mul_(scale), None


def _scale(x: Tensor, eps: float) -> Tensor:
    return torch.rsqrt(x.square().mean(dim=1, keepdim=True) + eps)


def make_norm(norm: Norm, spatial_dims: int, channels: int) -> nn.Module:
    """The layer of that name."""
    if norm == "instance":
        layer = (nn.InstanceNorm2d if spatial_dims == 2 else nn.InstanceNorm3d)(channels, affine=True)
        layer.register_forward_pre_hook(_refuse_single_voxel)
        return layer
    if norm == "batch":
        return (nn.BatchNorm2d if spatial_dims == 2 else nn.BatchNorm3d)(channels)
    if norm == "group":
        return nn.GroupNorm(math.gcd(4, channels), channels)
    return ChannelNorm() if norm == "channel" else nn.Identity()


def _refuse_single_voxel(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    if not torch.jit.is_tracing() and inputs[0][0, 0].numel() == 1:
        what = "leaves one voxel at the coarsest level, where an instance norm is not defined"
        raise UsageError("preparing.patch", what, "enlarge it, or set another norm")


def replace_norms(network: nn.Module, norm: Norm, spatial_dims: int) -> None:
    """Replace each group norm of a network from MONAI by the layer `norm`."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.GroupNorm):
                setattr(parent, name, make_norm(norm, spatial_dims, child.num_channels))
