"""Deep supervision: a loss at several resolutions of a decoder, the lower ones with less weight.

    L = Σ_i w_i L_i        w_i = 2^-i / Σ_j 2^-j        i: resolution, 0 is the full one, each lower one has half of it

The truth is downsampled by nearest neighbours, so that labels stay labels. Isensee et al. (nnU-Net), Nature Methods
2021, https://doi.org/10.1038/s41592-020-01008-z, online methods.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor
from torch.nn.functional import interpolate

SegmentationLoss = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Of logits, truth (batch, class, *space) and mask (batch, 1, *space)."""


def deep_supervision(
    loss: SegmentationLoss, logits: Sequence[Tensor], truth: Tensor, mask: Tensor | None = None
) -> Tensor:
    """The weighted sum of `loss` over `logits`, those of full resolution first."""
    weighted = [
        weight * loss(each, nearest(truth, each), None if mask is None else nearest(mask, each))
        for weight, each in zip(halving_weights(len(logits)), logits, strict=True)
    ]
    return sum(weighted[1:], weighted[0])


def halving_weights(count: int) -> list[float]:
    """1, 1/2, 1/4 …, divided by their sum."""
    return [2.0**-level / (2 - 2.0 ** (1 - count)) for level in range(count)]


def nearest(image: Tensor, like: Tensor) -> Tensor:
    """The image (batch, channel, *space) on the grid of `like`, by nearest neighbours."""
    return image if image.shape[2:] == like.shape[2:] else interpolate(image, size=like.shape[2:], mode="nearest-exact")
