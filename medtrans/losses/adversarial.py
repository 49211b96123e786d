"""What a generator and a discriminator each want, patch by patch.

    least_squares   D: ½ [(D(y) - 1)² + D(fake)²]                    G: (D(fake) - 1)²
    bce             D: ½ [-log σ(D(y)) - log(1 - σ(D(fake)))]        G: -log σ(D(fake))
    minimax         D: likewise                                      G: log(1 - σ(D(fake)))
    hinge           D: ½ [max(0, 1 - D(y)) + max(0, 1 + D(fake))]    G: -D(fake)

Mao et al. 2017, https://arxiv.org/abs/1611.04076; Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661 (equation 1
is minimax, which saturates where D is sure; bce, named thereafter, does not); Lim & Ye 2017,
https://arxiv.org/abs/1705.02894. The half slows the discriminator, as in pix2pix.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Criterion = Literal["least_squares", "bce", "minimax", "hinge"]


def fools(fake: list[Tensor], criterion: Criterion = "least_squares") -> Tensor:
    """The generator's loss. `fake`: logits of its images, one tensor per scale; averaged over patches, then scales."""
    return torch.stack([_fools(logits, criterion) for logits in fake]).mean()


def tells_apart(real: list[Tensor], fake: list[Tensor], criterion: Criterion = "least_squares") -> Tensor:
    """The discriminator's loss, averaged likewise."""
    return torch.stack([_tells_apart(r, f, criterion) for r, f in zip(real, fake, strict=True)]).mean()


def _fools(fake: Tensor, criterion: Criterion) -> Tensor:
    if criterion == "least_squares":
        return (fake - 1).square().mean()
    if criterion == "minimax":
        return -softplus(fake).mean()
    return softplus(-fake).mean() if criterion == "bce" else -fake.mean()


def _tells_apart(real: Tensor, fake: Tensor, criterion: Criterion) -> Tensor:
    if criterion == "least_squares":
        return ((real - 1).square().mean() + fake.square().mean()) / 2
    if criterion in ("bce", "minimax"):
        return (softplus(-real).mean() + softplus(fake).mean()) / 2
    return (relu(1 - real).mean() + relu(1 + fake).mean()) / 2
