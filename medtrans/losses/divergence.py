"""Kullback-Leibler divergence of the approximate posterior N(m, s²) from the prior N(0, I).

    KL = ½ Σ (m² + s² - log s² - 1)

Kingma & Welling, ICLR 2014, https://arxiv.org/abs/1312.6114, appendix B
"""

from __future__ import annotations

from torch import Tensor


def kl_to_standard_normal(mean: Tensor, logvar: Tensor) -> Tensor:
    """The divergence in nats (batch,), of the mean and log variance of codes (batch, …)."""
    return (mean.square() + logvar.exp() - logvar - 1).flatten(1).sum(1) / 2
