"""Distances counted inside a mask: |a - b| or (a - b)², averaged over the voxels that count and all channels."""

from __future__ import annotations

from torch import Tensor


def l1(a: Tensor, b: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean absolute difference of (batch, channel, *space) where `mask` (batch, 1, *space) is 1; 0 if nowhere."""
    return _mean((a - b).abs(), mask)


def l2(a: Tensor, b: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean squared difference, likewise."""
    return _mean((a - b).square(), mask)


def _mean(difference: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return difference.mean()
    counted = mask.sum() * difference.shape[1]
    return (difference * mask).sum() / counted.clamp(min=1)
