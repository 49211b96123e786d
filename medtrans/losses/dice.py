"""How far a segmentation is from the truth: by overlap, which small structures need, and by voxel.

    Dice: 1 - mean_c (2 Σ p_c t_c + ε) / (Σ p_c + Σ t_c + ε)       CE: - mean Σ_c t_c log p_c       p = softmax(logits)

Sums over the voxels of a whole batch, so that an item without a structure does not cry for it. Milletari et al., 3DV
2016, https://arxiv.org/abs/1606.04797; both together: Isensee et al. (nnU-Net), https://arxiv.org/abs/1809.10486
"""

from __future__ import annotations

from monai.losses import DiceLoss
from torch import Tensor


def dice(logits: Tensor, truth: Tensor, mask: Tensor | None = None) -> Tensor:
    """Of (batch, class, *space), the truth in shares of 0 to 1; class 0 is background and not counted."""
    shares, counted = logits.softmax(dim=1), 1 if mask is None else mask
    return DiceLoss(include_background=False, batch=True)(shares * counted, truth * counted)


def cross_entropy(logits: Tensor, truth: Tensor, mask: Tensor | None = None) -> Tensor:
    """Likewise, over all classes; 0 where `mask` (batch, 1, *space) is 1 nowhere."""
    wrong = -(truth * logits.log_softmax(dim=1)).sum(dim=1, keepdim=True)
    return wrong.mean() if mask is None else (wrong * mask).sum() / mask.sum().clamp(min=1)
