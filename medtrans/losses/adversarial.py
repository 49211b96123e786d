"""Adversarial losses of a generator and a patch discriminator.

    least_squares    D: ½ [(D(y) - 1)² + D(fake)²]                    G: (D(fake) - 1)²
    non_saturating   D: ½ [-log σ(D(y)) - log(1 - σ(D(fake)))]        G: -log σ(D(fake))
    saturating       D: as above                                      G: log(1 - σ(D(fake)))
    hinge            D: ½ [max(0, 1 - D(y)) + max(0, 1 + D(fake))]    G: -D(fake)

Mao et al., ICCV 2017, https://arxiv.org/abs/1611.04076, equation 2; Goodfellow et al., NeurIPS 2014,
https://arxiv.org/abs/1406.2661, equation 1 (saturating: its gradient vanishes where D rejects the image) and section 3
(non_saturating: it does not vanish there); Lim & Ye, 2017, https://arxiv.org/abs/1705.02894. The factor ½ slows the
discriminator down, as in pix2pix (section 3.3).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

GANLoss = Literal["least_squares", "non_saturating", "saturating", "hinge"]


def generator_loss(fake: list[Tensor], gan_loss: GANLoss = "least_squares") -> Tensor:
    """Loss of the generator. `fake`: logits of its images, one tensor per scale; averaged over patches, then scales."""
    return torch.stack([_generator_loss(logits, gan_loss) for logits in fake]).mean()


def discriminator_loss(real: list[Tensor], fake: list[Tensor], gan_loss: GANLoss = "least_squares") -> Tensor:
    """Loss of the discriminator, averaged in the same way."""
    return torch.stack([_discriminator_loss(r, f, gan_loss) for r, f in zip(real, fake, strict=True)]).mean()


def _generator_loss(fake: Tensor, gan_loss: GANLoss) -> Tensor:
    if gan_loss == "least_squares":
        return (fake - 1).square().mean()
    if gan_loss == "saturating":
        return -softplus(fake).mean()
    return softplus(-fake).mean() if gan_loss == "non_saturating" else -fake.mean()


def _discriminator_loss(real: Tensor, fake: Tensor, gan_loss: GANLoss) -> Tensor:
    if gan_loss == "least_squares":
        return ((real - 1).square().mean() + fake.square().mean()) / 2
    if gan_loss in ("non_saturating", "saturating"):
        return (softplus(-real).mean() + softplus(fake).mean()) / 2
    return (relu(1 - real).mean() + relu(1 + fake).mean()) / 2
