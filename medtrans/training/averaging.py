"""A moving average of a method's weights: calmer than the weights themselves, and what is saved.

    e ← d e + (1 - d) w        d = min(decay, (1 + step) / (10 + step))

Polyak & Juditsky 1992; the ramp of d lets the average forget the first steps.
"""

from __future__ import annotations

import copy

import torch

from medtrans.core.method import Method


class Averaged:
    """Holds its own copy of `method`; `update` moves it towards the weights being trained."""

    def __init__(self, method: Method, decay: float) -> None:
        self.decay = decay
        self.method = copy.deepcopy(method).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, weights: list[torch.Tensor], buffers: list[torch.Tensor], step: int) -> None:
        """`weights` and `buffers` of the trained method, in the order of `parameters()` and `buffers()`."""
        decay = min(self.decay, (1 + step) / (10 + step)) if self.decay else 0.0
        torch._foreach_lerp_(list(self.method.parameters()), weights, 1 - decay)
        for mine, theirs in zip(self.method.buffers(), buffers, strict=True):
            mine.copy_(theirs)
