"""Image pool: earlier generated images, so that the discriminator does not adapt to the latest generator alone.

Shrivastava et al., CVPR 2017, https://arxiv.org/abs/1612.07828, section 2.3; used by CycleGAN with 50 images.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """Returns the new image with probability ½, else an older one, which the new one replaces.

    Its images are saved in a checkpoint (as extra state), but they are no weights and never part of a saved model.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.images: list[Tensor] = []

    def forward(self, fakes: Tensor) -> Tensor:
        """(batch, channel, *space) in, the same shape out; randomness from torch's generator."""
        return torch.stack([self._exchange(fake) for fake in fakes]) if self.size else fakes

    def _exchange(self, fake: Tensor) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(fake.clone())
            return fake
        if torch.rand(()) < 0.5:
            return fake
        index = int(torch.randint(len(self.images), ()))
        older, self.images[index] = self.images[index], fake.clone()
        return older

    def get_extra_state(self) -> list[Tensor]:
        return self.images

    def set_extra_state(self, state: list[Tensor]) -> None:
        self.images = list(state)
