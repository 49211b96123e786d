"""Normalizing flow: an invertible network between targets and noise, with an exact likelihood, given the source.

    z = f(y; x),    log p(y | x) = log N(z; 0, I) + log|det ∂f/∂y|,    min_f  -E log p(y | x);    y = f⁻¹(z; x)

x is the source, y the target. Glow: Kingma & Dhariwal, NeurIPS 2018, https://arxiv.org/abs/1807.03039, section 3 and
table 1; conditional: Lu & Huang, https://arxiv.org/abs/1905.13288. Published with 32 couplings at each of 3 scales, 512
features and uniform dequantisation noise; ours are fewer, with normal noise.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
from medtrans.networks.coupling_flow import CouplingFlowSettings


@dataclass(frozen=True, kw_only=True)
class NormalizingFlowSettings(Settings):
    flow: CouplingFlowSettings = CouplingFlowSettings()
    """The network f."""
    dequantisation_noise: Annotated[float, Ge(0)] = 0.02
    """Standard deviation of noise added to targets in training: constant air would have an infinite density."""
    temperature: Annotated[float, Ge(0)] = 0.7
    """Standard deviation of z for a single translation: 1 samples from p, less gives more probable images. Several
    samples are always drawn with 1, so that their standard deviation is that of p."""


class NormalizingFlow(Method):
    """One player. The likelihood is that of the whole image, air too."""

    Settings = NormalizingFlowSettings
    paper: ClassVar[str] = "Kingma & Dhariwal, NeurIPS 2018, https://arxiv.org/abs/1807.03039"
    PUBLISHED = NormalizingFlowSettings(flow=CouplingFlowSettings(scales=3, layers=32, features=512))
    optimizer = OptimizerSettings(learning_rate=1e-3)
    """Glow, the appendix on the training."""

    def __init__(self, task: Task, settings: NormalizingFlowSettings) -> None:
        super().__init__(task, settings)
        self.flow = settings.flow.build(task.spatial_dims, task.source_channels, task.target_channels)
        self.divisor, self.noise_channels = settings.flow.divisor, task.target_channels
        self.single_noise_std = settings.temperature

    def players(self) -> dict[str, list[nn.Module]]:
        return {"flow": [self.flow]}

    @classmethod
    def terms(cls, settings: NormalizingFlowSettings) -> dict[str, Term]:
        noise = f", with normal noise of standard deviation {settings.dequantisation_noise:g} added to targets"
        text = "negative log-likelihood per voxel" + noise * (settings.dequantisation_noise > 0)
        return {"flow/nats_per_voxel": Term(text, settings=("dequantisation_noise",))}

    @classmethod
    def unused(cls, settings: NormalizingFlowSettings) -> tuple[str, ...]:
        return ("temperature",)  # the text gives the standard deviation of the noise of a translation instead

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        y = batch.target + self.settings.dequantisation_noise * batch.normal(*batch.target.shape[1:])
        yield "flow", {"nats_per_voxel": -self.log_likelihood(y, batch.source).mean() / y[0].numel()}

    def log_likelihood(self, target: Tensor, source: Tensor) -> Tensor:
        """log p(target | source) in nats (batch,), exactly."""
        z, logdet = self.flow(target, source)
        return logdet - (z.square() + math.log(2 * math.pi)).flatten(1).sum(1) / 2

    def translate(self, source: Tensor, condition: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        assert noise is not None, "a method with noise_channels takes noise"
        return self.flow(noise, source, inverse=True)[0]
