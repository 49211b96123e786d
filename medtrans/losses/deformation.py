"""A field of displacements: an image moved by it, and how rough it is.

    (y ∘ φ)(v) = y(v + φ(v))        roughness = mean | ∇φ |²

φ is (batch, dimension, *space), in voxels along each axis. Jaderberg et al. (spatial transformer), NIPS 2015,
https://arxiv.org/abs/1506.02025; Balakrishnan et al. (VoxelMorph), IEEE TMI 2019, https://arxiv.org/abs/1809.05231
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def warped(image: Tensor, field: Tensor) -> Tensor:
    """(batch, channel, *space) moved by linear interpolation; what comes from outside is the border's."""
    axes = [torch.arange(side, device=field.device, dtype=field.dtype) for side in field.shape[2:]]
    places = torch.stack(torch.meshgrid(*axes, indexing="ij")) + field
    # grid_sample counts from -1 to 1 between the outermost voxels, the last axis first.
    halves = torch.tensor([(side - 1) / 2 for side in field.shape[2:]], device=field.device, dtype=field.dtype)
    grid = places.movedim(1, -1) / halves - 1
    return grid_sample(image, grid.flip(-1), padding_mode="border", align_corners=True)


def roughness(field: Tensor) -> Tensor:
    """Squared differences of neighbours, averaged over voxels, components and axes; 0 for a shift of the whole."""
    return torch.stack([field.diff(dim=axis).square().mean() for axis in range(2, field.ndim)]).mean()
