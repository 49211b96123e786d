"""Structure two images share whatever their contrasts: MIND, and normalised mutual information.

    mind   mean | MIND(a) - MIND(b) |        MIND(I)(x, r) = exp(-D(x, x + r) / V(x)) / max over r
    nmi    2 - (H(a) + H(b)) / H(a, b)

r goes to the nearest neighbours, D is the squared difference of the 3-wide patches of I around x and x + r, V its mean
over all r. The entropies H are of histograms smoothed by linear B-splines: a value counts for its two nearest bins.
Heinrich et al., MedIA 2012, https://doi.org/10.1016/j.media.2012.05.008; Studholme et al., Pattern Recognition 1999,
https://doi.org/10.1016/S0031-3203(98)00091-0. MONAI's mutual information is not normalised.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, avg_pool3d, l1_loss

Structure = Literal["mind", "nmi"]


def structure_lost(a: Tensor, b: Tensor, structure: Structure) -> Tensor:
    """How far two images (batch, channel, *space) are from having one structure."""
    if structure == "mind":
        return l1_loss(mind(a), mind(b))
    return 2 - normalised_mutual_information(a, b).mean()


def mind(image: Tensor) -> Tensor:
    """(batch, channel, *space) → (batch, 2 per axis, channel, *space), between 0 and 1."""
    pool = avg_pool2d if image.ndim == 4 else avg_pool3d
    distances = torch.stack(
        [pool((image - other).square(), 3, 1, 1, count_include_pad=False) for other in _neighbours(image)], dim=1
    )
    variance = distances.mean(dim=1, keepdim=True)
    # The floor, relative so that contrast does not matter, keeps noise in flat parts from being structure.
    floor = 1e-3 * variance.flatten(1).mean(dim=1).view(-1, *[1] * image.ndim) + 1e-12
    nearest = distances.amin(dim=1, keepdim=True)
    return torch.exp((nearest - distances) / torch.maximum(variance, floor))


def normalised_mutual_information(a: Tensor, b: Tensor, bins: int = 32) -> Tensor:
    """(batch, channel): about 1 if independent, at most 2. Values beyond -1 and 1 count as these."""
    p, q = _shares(a, bins), _shares(b, bins)
    together = p @ q.transpose(2, 3) / p.shape[3]
    apart = _entropy(p.mean(dim=3)) + _entropy(q.mean(dim=3))
    return apart / _entropy(together.flatten(2)).clamp(min=1e-6)


def _neighbours(image: Tensor) -> Iterator[Tensor]:
    """The image moved by one voxel, both ways along each axis; borders are repeated."""
    for axis in range(2, image.ndim):
        inner = image.shape[axis] - 1
        yield torch.cat([image.narrow(axis, 0, 1), image.narrow(axis, 0, inner)], axis)
        yield torch.cat([image.narrow(axis, 1, inner), image.narrow(axis, inner, 1)], axis)


def _shares(image: Tensor, bins: int) -> Tensor:
    """(batch, channel, bins, voxels): how much each voxel counts for each bin; 1 over its bins."""
    place = (image.flatten(2).clamp(-1, 1) + 1) / 2 * (bins - 1)
    centres = torch.arange(bins, device=image.device).view(-1, 1)
    return (1 - (place.unsqueeze(2) - centres).abs()).clamp(min=0)


def _entropy(shares: Tensor) -> Tensor:
    return -(shares * (shares + 1e-10).log()).sum(dim=-1)
