"""Exponential moving average of a method's weights, which is validated and saved.

    e ← d e + (1 - d) w        d = min(decay, (1 + step) / (10 + step))

Polyak & Juditsky, SIAM J. Control Optim. 1992, https://doi.org/10.1137/0330046; the ramp of d gives the first steps a
small weight. Running statistics of batch norm are averaged alike: those of the current weights belong to another
network.
"""

from __future__ import annotations

import copy

import torch

from medtrans.core.method import Method


class Averaged:
    """The averaged copy of `method`; `update` includes the current weights."""

    def __init__(self, method: Method, decay: float) -> None:
        self.decay = decay
        self.method = copy.deepcopy(method).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, weights: list[torch.Tensor], buffers: list[torch.Tensor], step: int) -> None:
        """`weights` and `buffers` of the trained method, in the order of `parameters()` and `buffers()`."""
        decay = min(self.decay, (1 + step) / (10 + step)) if self.decay else 0.0
        torch._foreach_lerp_(list(self.method.parameters()), weights, 1 - decay)
        for own, current in zip(self.method.buffers(), buffers, strict=True):
            if own.is_floating_point():
                own.lerp_(current, 1 - decay)
            else:
                own.copy_(current)
