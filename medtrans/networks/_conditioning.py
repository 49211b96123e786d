"""A code beside an image: numbers that a network is told, each as a channel of one value; and numbers of kinds.

Choi et al. (StarGAN), CVPR 2018, https://arxiv.org/abs/1711.09020, section 3.1
"""

from __future__ import annotations

import torch
from torch import Tensor

from medtrans.core.errors import UsageError


def with_code(image: Tensor, code: Tensor | None) -> Tensor:
    """(batch, channel + numbers, *space) from an image (batch, channel, *space) and a code (batch, numbers), if any."""
    if code is None:
        return image
    channels = code.to(image).reshape(*code.shape, *[1] * (image.ndim - 2)).expand(-1, -1, *image.shape[2:])
    return torch.cat([image, channels], dim=1)


def numbers(condition: Tensor | None, kinds: int, setting: str) -> Tensor:
    """The one condition of each image (batch, 1), 0 … `kinds` - 1, as whole numbers (batch,).

    Raises UsageError, which names the method's `setting`, on what is no such number.
    """
    assert condition is not None, "a method that takes one condition is given one"
    whole = condition[:, 0].long()
    if not torch.equal(whole, condition[:, 0]) or not 0 <= int(whole.min()) <= int(whole.max()) < kinds:
        what = f"{condition[:, 0].tolist()} are not all {setting}"
        raise UsageError(f"method.{setting}", what, f"number them from 0 to {kinds - 1}")
    return whole
