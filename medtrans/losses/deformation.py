"""Deformation by a displacement field, and the smoothness penalty of that field.

    (y ∘ φ)(v) = y(v + φ(v))        smoothness_penalty = mean | ∇φ |²

φ is (batch, dimension, *space), in voxels along each axis. Jaderberg et al. (spatial transformer), NIPS 2015,
https://arxiv.org/abs/1506.02025, section 3.3; Balakrishnan et al. (VoxelMorph), IEEE TMI 2019, https://arxiv.org/abs/1809.05231,
section III-C
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def warp(image: Tensor, field: Tensor) -> Tensor:
    """(batch, channel, *space) sampled at v + φ(v) by linear interpolation; beyond the border its value is repeated."""
    axes = [torch.arange(side, device=field.device, dtype=field.dtype) for side in field.shape[2:]]
    positions = torch.stack(torch.meshgrid(*axes, indexing="ij")) + field
    # grid_sample counts from -1 to 1 between the outermost voxels, the last axis first.
    halves = torch.tensor([(side - 1) / 2 for side in field.shape[2:]], device=field.device, dtype=field.dtype)
    grid = positions.movedim(1, -1) / halves - 1
    return grid_sample(image, grid.flip(-1), padding_mode="border", align_corners=True)


def smoothness_penalty(field: Tensor) -> Tensor:
    """Squared differences of neighbouring voxels, averaged over voxels, components and axes; 0 for a translation."""
    return torch.stack([field.diff(dim=axis).square().mean() for axis in range(2, field.ndim)]).mean()
