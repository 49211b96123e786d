"""Pixel shuffle and unshuffle in any number of dimensions d: blocks of voxels become channels, and back.

    (batch, c, *side)  ↔  (batch, c factor^d, *side / factor)

Shi et al., CVPR 2016, https://arxiv.org/abs/1609.05158, equation 4.
"""

from __future__ import annotations

from torch import Tensor


def pixel_unshuffle(x: Tensor, factor: int) -> Tensor:
    """`x` with a channel for each position in a block; every side must be a multiple of `factor`."""
    dims = x.ndim - 2
    blocks = [length for side in x.shape[2:] for length in (side // factor, factor)]
    within, across = range(3, 3 + 2 * dims, 2), range(2, 2 + 2 * dims, 2)
    return x.reshape(*x.shape[:2], *blocks).permute(0, 1, *within, *across).flatten(1, 1 + dims)


def pixel_shuffle(x: Tensor, factor: int) -> Tensor:
    """The inverse of `pixel_unshuffle`."""
    dims = x.ndim - 2
    blocks = x.unflatten(1, (-1, *[factor] * dims))
    pairs = [axis for across in range(2, 2 + dims) for axis in (across + dims, across)]
    return blocks.permute(0, 1, *pairs).reshape(len(x), -1, *[side * factor for side in x.shape[2:]])
