"""Conditioning of networks on numbers: constant channels beside an image, class numbers, class embeddings.

Choi et al. (StarGAN), CVPR 2018, https://arxiv.org/abs/1711.09020, section 3.1 (constant channels); Mirza & Osindero,
2014, https://arxiv.org/abs/1411.1784, section 3.2 (a class beside the noise).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from medtrans.core.errors import UsageError


def with_condition(image: Tensor, condition: Tensor | None) -> Tensor:
    """(batch, channel + numbers, *space) from an image (batch, channel, *space) and a condition (batch, numbers)."""
    if condition is None:
        return image
    constant = condition.to(image).reshape(*condition.shape, *[1] * (image.ndim - 2))
    return torch.cat([image, constant.expand(-1, -1, *image.shape[2:])], dim=1)


def class_numbers(condition: Tensor | None, classes: int, setting: str) -> Tensor:
    """The one condition of each image (batch, 1), 0 … `classes` - 1, as integers (batch,).

    Raises UsageError, which names the method's `setting`, on other values.
    """
    assert condition is not None, "a method that takes one condition is given one"
    whole = condition[:, 0].long()
    if not torch.equal(whole, condition[:, 0]) or not 0 <= int(whole.min()) <= int(whole.max()) < classes:
        what = f"{condition[:, 0].tolist()} are not all {setting}"
        raise UsageError(f"method.{setting}", what, f"number them from 0 to {classes - 1}")
    return whole


class ClassConditionalGenerator(nn.Module):
    """A generator of images from noise (batch, latent) and a learned embedding of their classes (batch,)."""

    def __init__(self, generator: nn.Module, embedding: nn.Embedding) -> None:
        super().__init__()
        self.embedding, self.generator = embedding, generator

    def forward(self, z: Tensor, c: Tensor) -> Tensor:
        return self.generator(torch.cat([z, self.embedding(c)], dim=1))
