"""Pinball loss, whose minimum is a quantile of the target given the source.

    ρ_q(e) = max(q e, (q - 1) e)        e = y - ŷ_q        q in (0, 1); 2 ρ_.5 is the absolute error

Koenker and Bassett, Econometrica 1978, https://doi.org/10.2307/1913643
"""

from __future__ import annotations

import torch
from torch import Tensor

from medtrans.losses._masked_mean import masked_mean


def pinball(predicted: Tensor, target: Tensor, quantile: float, mask: Tensor | None = None) -> Tensor:
    """Mean of (batch, channel, *space) where `mask` (batch, 1, *space) is 1; 0 if nowhere."""
    error = target - predicted
    return masked_mean(torch.maximum(quantile * error, (quantile - 1) * error), mask)
