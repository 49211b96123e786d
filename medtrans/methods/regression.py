"""Masked L1 regression: the field's strongest plain baseline.

    min_G  E | G(x) - y |    over the voxels of the body

x is the source, y the target. The winner and the third of SynthRAD2025 are regressions, not GANs
(Thummerer et al., https://arxiv.org/abs/2502.17609 describes the challenge).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.settings import Settings
from medtrans.losses.masked import l1
from medtrans.networks.choices import Generator
from medtrans.networks.unet import UNetSettings


@dataclass(frozen=True, kw_only=True)
class RegressionSettings(Settings):
    generator: Generator = UNetSettings()
    """The network G from source to target."""


class Regression(Method):
    """One player: the generator, drawn to the target inside the body."""

    Settings = RegressionSettings

    def __init__(self, task: Task, settings: RegressionSettings) -> None:
        super().__init__(task, settings)
        self.G = settings.generator.build(task.spatial_dims, task.source_channels, task.target_channels)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        yield "generator", {"l1": l1(self.G(batch.source), batch.target, batch.mask)}

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G(source)
