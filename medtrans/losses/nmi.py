"""Normalised mutual information of two images, as a loss.

    2 - (H(a) + H(b)) / H(a, b)

The entropies H are those of histograms smoothed by linear B-splines: a value counts for its two nearest bins.
Studholme et al., Pattern Recognition 1999, https://doi.org/10.1016/S0031-3203(98)00091-0. MONAI's mutual
information is not normalised.
"""

from __future__ import annotations

import torch
from torch import Tensor


def nmi_loss(a: Tensor, b: Tensor) -> Tensor:
    """2 - NMI of two images (batch, channel, *space), averaged: 1 if independent, 0 if one determines the other."""
    return 2 - normalised_mutual_information(a, b).mean()


def normalised_mutual_information(a: Tensor, b: Tensor, bins: int = 32) -> Tensor:
    """(batch, channel): about 1 if independent, at most 2. Values beyond -1 and 1 are clipped."""
    p, q = _bin_weights(a, bins), _bin_weights(b, bins)
    joint = p @ q.transpose(2, 3) / p.shape[3]
    marginal = _entropy(p.mean(dim=3)) + _entropy(q.mean(dim=3))
    return marginal / _entropy(joint.flatten(2)).clamp(min=1e-6)


def _bin_weights(image: Tensor, bins: int) -> Tensor:
    """(batch, channel, bins, voxels): the weight of each voxel in each bin; its weights sum to 1."""
    position = (image.flatten(2).clamp(-1, 1) + 1) / 2 * (bins - 1)
    centres = torch.arange(bins, device=image.device).view(-1, 1)
    return (1 - (position.unsqueeze(2) - centres).abs()).clamp(min=0)


def _entropy(probabilities: Tensor) -> Tensor:
    return -(probabilities * (probabilities + 1e-10).log()).sum(dim=-1)
