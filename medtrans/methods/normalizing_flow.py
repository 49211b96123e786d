"""Normalizing flow: an invertible map between targets and noise, so that the likelihood of a target is exact.

    z = f(y; x),    log p(y | x) = log N(z; 0, I) + log|det ∂f/∂y|,    min_f  -E log p(y | x);    y = f⁻¹(z; x)

x is the source, y the target. Glow: Kingma & Dhariwal, NeurIPS 2018, https://arxiv.org/abs/1807.03039; with a source:
Lu & Huang, https://arxiv.org/abs/1905.13288
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.settings import Settings
from medtrans.networks.coupling_flow import CouplingFlowSettings


@dataclass(frozen=True, kw_only=True)
class NormalizingFlowSettings(Settings):
    flow: CouplingFlowSettings = CouplingFlowSettings()
    """The network f."""
    grain: Annotated[float, Ge(0)] = 0.02
    """Deviation of noise added to targets in training: air of one value would be infinitely likely."""
    temperature: Annotated[float, Ge(0)] = 0.7
    """What noise is multiplied by before it becomes an image: 1 draws from p, less draws what is likelier."""


class NormalizingFlow(Method):
    """One player. All voxels count: a likelihood is that of a whole image."""

    Settings = NormalizingFlowSettings

    def __init__(self, task: Task, settings: NormalizingFlowSettings) -> None:
        super().__init__(task, settings)
        self.flow = settings.flow.build(task.spatial_dims, task.source_channels, task.target_channels)
        self.divisor, self.noise_channels = settings.flow.divisor, task.target_channels

    def players(self) -> dict[str, list[nn.Module]]:
        return {"flow": [self.flow]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        y = batch.target + self.settings.grain * batch.normal(*batch.target.shape[1:])
        yield "flow", {"nats_per_voxel": -self.log_likelihood(y, batch.source).mean() / y[0].numel()}

    def log_likelihood(self, target: Tensor, source: Tensor) -> Tensor:
        """log p(target | source) in nats (batch,), exactly."""
        z, stretched = self.flow(target, source)
        return stretched - (z.square() + math.log(2 * math.pi)).flatten(1).sum(1) / 2

    def translate(self, source: Tensor, condition: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        assert noise is not None, "whoever calls a drawing method draws"
        return self.flow(self.settings.temperature * noise, source, inverse=True)[0]
