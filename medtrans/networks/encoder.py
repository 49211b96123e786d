"""Encoder: reduces an image of fixed size to a vector, by repeated halving; the discriminator of DCGAN.

Radford et al., ICLR 2016, https://arxiv.org/abs/1511.06434, section 3
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge, MinLen
from torch import Tensor, nn

from medtrans.core.errors import UsageError
from medtrans.networks._blocks import Conv, normal_weights
from medtrans.networks._norms import Norm, make_norm
from medtrans.networks._settings import NetworkSettings, Role


@dataclass(frozen=True, kw_only=True)
class EncoderSettings(NetworkSettings):
    role: ClassVar[Role] = "encoder"
    name: Literal["encoder"] = "encoder"
    channels: Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(1)] = (32, 64, 128, 256)
    """Features after each halving; the paper's are 64, 128, 256, 512."""
    norm: Norm = "channel"
    """Normalisation after all halvings but the first; the paper's is batch."""

    @property
    def divisor(self) -> int:
        return int(2 ** len(self.channels))

    def refuse_batch_norm(self) -> None:
        """Refuse a batch norm, for methods that penalise the gradient at each image. Raises UsageError."""
        if self.norm == "batch":
            what = "a batch norm mixes the images whose gradients are penalised one by one"
            raise UsageError("method.discriminator.norm", what, "set channel, instance, group or none")

    def build(self, spatial_dims: int, in_channels: int, out_channels: int, size: Sequence[int] = ()) -> nn.Module:
        """A network from images (batch, in_channels, *size) to (batch, out_channels). Raises UsageError."""
        layers: list[nn.Module] = []
        for level, (before, after) in enumerate(pairwise((in_channels, *self.channels))):
            layers.append(Conv[spatial_dims](before, after, 4, stride=2, padding=1))
            if level:
                layers.append(make_norm(self.norm, spatial_dims, after))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
        left = self.channels[-1] * math.prod(halved(size, self.divisor))
        return Encoder(normal_weights(nn.Sequential(*layers, nn.Flatten(), nn.Linear(left, out_channels))))


class Encoder(nn.Module):
    """Returns vectors (batch, out_channels); with `gradient_of`, gradient norms (batch,) of a weighted sum of them.

    `gradient_of` (batch, out_channels) are the weights of that sum.
    """

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor, gradient_of: Tensor | None = None) -> Tensor:
        if gradient_of is None:
            return self.layers(x)
        # Here and not in a loss: from outside of `forward`, Fabric refuses gradients in mixed precision.
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad((gradient_of * self.layers(x)).sum(), x, create_graph=True)
        return gradient.flatten(1).norm(dim=1)


def halved(size: Sequence[int], divisor: int) -> tuple[int, ...]:
    """The size of an image of `size` after all halvings. Raises UsageError."""
    if not size or any(side % divisor for side in size):
        what = f"{list(size)} does not fit {divisor}" if size else "is not set, but the method generates whole images"
        raise UsageError("preparing.patch", what, f"give multiples of {divisor} that contain the whole image")
    return tuple(side // divisor for side in size)
