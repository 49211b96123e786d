"""Feature matching: distance between real and generated images in the hidden layers D_i of the discriminator.

    feature_matching        Σ_i mean | D_i(fake) - D_i(real) |           image by image, for pairs
    mean_feature_matching   Σ_i mean ( E D_i(fake) - E D_i(real) )²      E over the batch, without pairs

Wang et al. (pix2pixHD), CVPR 2018, https://arxiv.org/abs/1711.11585, section 3.2; for batches Salimans et al. 2016,
https://arxiv.org/abs/1606.03498, section 3.1. The mean in each line is over the numbers of a layer.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss

from medtrans.losses._all_reduce import total

Features = list[list[Tensor]]
"""Hidden layers (batch, channel, *space) of a discriminator, for each scale."""


def feature_matching(fake: Features, real: Features) -> Tensor:
    """Feature matching, summed over layers, averaged over scales; no gradient flows to `real`."""
    return _over_layers(l1_loss, fake, real)


def mean_feature_matching(fake: Features, real: Features) -> Tensor:
    """Feature matching of the means over the items of a batch, in the same way."""
    return _over_layers(lambda f, r: mse_loss(_batch_mean(f), _batch_mean(r)), fake, real)


def _batch_mean(layer: Tensor) -> Tensor:
    """Mean over the whole batch, for any number of processes."""
    return total(layer.sum(dim=0)) / total(layer.new_tensor(len(layer)))


def _over_layers(distance: Callable[[Tensor, Tensor], Tensor], fake: Features, real: Features) -> Tensor:
    scales = [
        torch.stack([distance(f, r.detach()) for f, r in zip(*layers, strict=True)]).sum()
        for layers in zip(fake, real, strict=True)
    ]
    return torch.stack(scales).mean()
