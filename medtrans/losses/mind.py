"""MIND: distance of the modality-independent neighbourhood descriptors of two images.

    mean | MIND(a) - MIND(b) |        MIND(I)(x, r) = exp(-D(x, x + r) / V(x)) / max over r

r runs over the nearest neighbours, D is the mean squared difference of the 3-wide patches of I around x and x + r, and
V its mean over all r. Heinrich et al., MedIA 2012, https://doi.org/10.1016/j.media.2012.05.008, whose
patches are Gaussian and whose search region may be wider.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, avg_pool3d, l1_loss


def mind_loss(a: Tensor, b: Tensor) -> Tensor:
    """Mean absolute difference of the descriptors of two images (batch, channel, *space)."""
    return l1_loss(mind(a), mind(b))


def mind(image: Tensor) -> Tensor:
    """(batch, channel, *space) → (batch, 2 per axis, channel, *space), between 0 and 1."""
    pool = avg_pool2d if image.ndim == 4 else avg_pool3d
    distances = torch.stack(
        [pool((image - other).square(), 3, 1, 1, count_include_pad=False) for other in _neighbours(image)], dim=1
    )
    variance = distances.mean(dim=1, keepdim=True)
    # The floor is relative, so that contrast does not matter, and keeps noise in flat regions from counting.
    floor = 1e-3 * variance.flatten(1).mean(dim=1).view(-1, *[1] * image.ndim) + 1e-12
    nearest = distances.amin(dim=1, keepdim=True)
    return torch.exp((nearest - distances) / torch.maximum(variance, floor))


def _neighbours(image: Tensor) -> Iterator[Tensor]:
    """The image shifted by one voxel, both ways along each axis; borders are repeated."""
    for axis in range(2, image.ndim):
        inner = image.shape[axis] - 1
        yield torch.cat([image.narrow(axis, 0, 1), image.narrow(axis, 0, inner)], axis)
        yield torch.cat([image.narrow(axis, 1, inner), image.narrow(axis, inner, 1)], axis)
