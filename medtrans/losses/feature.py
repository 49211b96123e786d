"""Perceptual loss: distance between the features of two images in a frozen network.

    Σ_l mean | φ_l(a) - φ_l(b) | / levels          φ_l: the features of level l

Johnson et al., ECCV 2016, https://arxiv.org/abs/1603.08155, section 3.2
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from medtrans.losses._masked_mean import l1


def feature_distance(a: Sequence[Tensor], b: Sequence[Tensor], mask: Tensor | None = None) -> Tensor:
    """Mean over the levels (batch, channel, *space) of any resolution, where `mask` (batch, 1, *space) is 1."""
    return torch.stack([l1(one, other, _at(mask, one)) for one, other in zip(a, b, strict=True)]).mean()


def _at(mask: Tensor | None, level: Tensor) -> Tensor | None:
    return None if mask is None else interpolate(mask, size=level.shape[2:])
