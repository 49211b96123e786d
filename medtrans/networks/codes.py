"""A code beside an image: numbers that a network is told, each as a channel of one value.

Choi et al. (StarGAN), CVPR 2018, https://arxiv.org/abs/1711.09020, section 3.1
"""

from __future__ import annotations

import torch
from torch import Tensor


def with_code(image: Tensor, code: Tensor | None) -> Tensor:
    """(batch, channel + numbers, *space) from an image (batch, channel, *space) and a code (batch, numbers), if any."""
    if code is None:
        return image
    channels = code.to(image).reshape(*code.shape, *[1] * (image.ndim - 2)).expand(-1, -1, *image.shape[2:])
    return torch.cat([image, channels], dim=1)
