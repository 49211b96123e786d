"""Wasserstein distance as a critic tells it, and the penalty that keeps its slope at 1 (WGAN-GP).

    D:  D(fake) - D(y) + penalty (|∇D(ŷ)| - 1)²        G:  -D(fake)
    ŷ = s y + (1 - s) fake,  s even in [0, 1)

Gulrajani et al., NeurIPS 2017, https://arxiv.org/abs/1704.00028
"""

from __future__ import annotations

import torch
from torch import Tensor


def fools(fake: Tensor) -> Tensor:
    """The generator's loss. `fake`: what the critic says of its images, averaged."""
    return -fake.mean()


def tells_apart(real: Tensor, fake: Tensor) -> Tensor:
    """The critic's loss: minus the distance."""
    return fake.mean() - real.mean()


def between(real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """Images on the way from fake to real, each at its own `share` (batch,)."""
    return torch.lerp(fake, real, share.view(-1, *[1] * (real.ndim - 1)))


def slope_penalty(slope: Tensor) -> Tensor:
    """`slope` (batch,): lengths of the critic's gradients at images between."""
    return (slope - 1).square().mean()
