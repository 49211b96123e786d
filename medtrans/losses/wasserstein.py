"""Wasserstein loss of a critic, with the gradient penalty that keeps its gradient near length 1 (WGAN-GP).

    D:  D(fake) - D(y) + weight (|∇D(ŷ)| - 1)²        G:  -D(fake)
    ŷ = s y + (1 - s) fake,  s uniform in [0, 1)

Gulrajani et al., NeurIPS 2017, https://arxiv.org/abs/1704.00028, equation 3
"""

from __future__ import annotations

import torch
from torch import Tensor


def generator_loss(fake: Tensor) -> Tensor:
    """Loss of the generator. `fake`: the critic's scores of its images, averaged."""
    return -fake.mean()


def critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Loss of the critic: minus the estimated distance."""
    return fake.mean() - real.mean()


def interpolate(real: Tensor, fake: Tensor, fraction: Tensor) -> Tensor:
    """Images on the line from fake to real, each at its own `fraction` (batch,)."""
    return torch.lerp(fake, real, fraction.view(-1, *[1] * (real.ndim - 1)))


def gradient_penalty(gradient_norms: Tensor) -> Tensor:
    """Mean squared deviation from 1 of the norms (batch,) of the critic's gradients at interpolated images."""
    return (gradient_norms - 1).square().mean()
