"""Dice loss and cross-entropy of a segmentation.

    Dice: 1 - mean_c (2 Σ p_c t_c + ε) / (Σ p_c + Σ t_c + ε)       CE: - mean Σ_c t_c log p_c       p = softmax(logits)

Sums over the voxels of the whole batch, so that an item without a structure adds no loss of 1 for it. Milletari et al.,
3DV 2016, https://arxiv.org/abs/1606.04797, section 3; both together: Isensee et al. (nnU-Net), https://arxiv.org/abs/1809.10486
"""

from __future__ import annotations

import torch
from torch import Tensor

from medtrans.losses._all_reduce import total
from medtrans.losses._masked_mean import masked_mean

EPSILON = 1e-5
"""Avoids 0 / 0 for a structure that is absent from the prediction and from the truth: its Dice is 1."""


def dice(logits: Tensor, truth: Tensor, mask: Tensor | None = None) -> Tensor:
    """Dice loss of (batch, class, *space), the truth as probabilities; class 0, the background, is not counted."""
    probabilities, weight = logits.softmax(dim=1), 1 if mask is None else mask
    p, t = ((each * weight)[:, 1:].transpose(0, 1).flatten(1) for each in (probabilities, truth))
    intersection, size = total(torch.stack([(p * t).sum(dim=1), (p + t).sum(dim=1)]))
    return 1 - ((2 * intersection + EPSILON) / (size + EPSILON)).mean()


def cross_entropy(logits: Tensor, truth: Tensor, mask: Tensor | None = None) -> Tensor:
    """Cross-entropy over all classes, averaged over the voxels of `mask` (batch, 1, *space); 0 if it is empty."""
    return masked_mean(-(truth * logits.log_softmax(dim=1)).sum(dim=1, keepdim=True), mask)
