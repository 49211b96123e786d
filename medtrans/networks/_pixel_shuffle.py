"""Squeezing: blocks of voxels become channels, so that a coarser grid holds the same numbers.

    (batch, c, *side)  ↔  (batch, c factor^d, *side / factor)

Shi et al., CVPR 2016, https://arxiv.org/abs/1609.05158 (pixel shuffle), in any number of dimensions d.
"""

from __future__ import annotations

from torch import Tensor


def squeezed(x: Tensor, factor: int) -> Tensor:
    """`x` with a channel for each place in a block; every side must be a multiple of `factor`."""
    dims = x.ndim - 2
    blocks = [length for side in x.shape[2:] for length in (side // factor, factor)]
    within, across = range(3, 3 + 2 * dims, 2), range(2, 2 + 2 * dims, 2)
    return x.reshape(*x.shape[:2], *blocks).permute(0, 1, *within, *across).flatten(1, 1 + dims)


def unsqueezed(x: Tensor, factor: int) -> Tensor:
    """The inverse."""
    dims = x.ndim - 2
    blocks = x.unflatten(1, (-1, *[factor] * dims))
    pairs = [axis for across in range(2, 2 + dims) for axis in (across + dims, across)]
    return blocks.permute(0, 1, *pairs).reshape(len(x), -1, *[side * factor for side in x.shape[2:]])
