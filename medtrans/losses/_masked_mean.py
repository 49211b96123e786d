"""Mean absolute and mean squared error inside a mask.

Σ m |a - b| / (C Σ m),    Σ m (a - b)² / (C Σ m)        m: the mask, C: the number of channels
"""

from __future__ import annotations

from torch import Tensor

from medtrans.losses._all_reduce import total


def l1(a: Tensor, b: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean absolute difference of (batch, channel, *space) where `mask` (batch, 1, *space) is 1; 0 if nowhere."""
    return masked_mean((a - b).abs(), mask)


def l2(a: Tensor, b: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean squared difference, in the same way."""
    return masked_mean((a - b).square(), mask)


def masked_mean(values: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean of (batch, channel, *space) where `mask` is 1, over the whole batch, for any number of processes."""
    if mask is None:
        return values.mean()
    return total((values * mask).sum()) / total(mask.sum() * values.shape[1]).clamp(min=1)
