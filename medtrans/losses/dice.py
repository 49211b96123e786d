"""How far a segmentation is from the truth: by overlap, which small structures need, and by voxel.

    Dice: 1 - mean_c (2 Σ p_c t_c + ε) / (Σ p_c + Σ t_c + ε)       CE: - mean Σ_c t_c log p_c       p = softmax(logits)

Sums over the voxels of the whole batch, so that an item without a structure does not cry for it. Milletari et al., 3DV
2016, https://arxiv.org/abs/1606.04797; both together: Isensee et al. (nnU-Net), https://arxiv.org/abs/1809.10486
"""

from __future__ import annotations

import torch
from torch import Tensor

from medtrans.losses._all_reduce import total
from medtrans.losses._masked_mean import masked_mean

EPSILON = 1e-5
"""Keeps a structure that is nowhere from being 0 / 0: it counts as found."""


def dice(logits: Tensor, truth: Tensor, mask: Tensor | None = None) -> Tensor:
    """Of (batch, class, *space), the truth in shares of 0 to 1; class 0 is background and not counted."""
    shares, counted = logits.softmax(dim=1), 1 if mask is None else mask
    p, t = ((each * counted)[:, 1:].transpose(0, 1).flatten(1) for each in (shares, truth))
    both, either = total(torch.stack([(p * t).sum(dim=1), (p + t).sum(dim=1)]))
    return 1 - ((2 * both + EPSILON) / (either + EPSILON)).mean()


def cross_entropy(logits: Tensor, truth: Tensor, mask: Tensor | None = None) -> Tensor:
    """Likewise, over all classes; 0 where `mask` (batch, 1, *space) is 1 nowhere."""
    return masked_mean(-(truth * logits.log_softmax(dim=1)).sum(dim=1, keepdim=True), mask)
