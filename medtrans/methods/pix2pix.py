"""Pix2pix: a conditional GAN whose generator is also held to the target by L1.

    G:  fools(D(x, G(x))) + l1 | G(x) - y | + feature_matching Σ_i | D_i(x, G(x)) - D_i(x, y) |
    D:  tells (x, y) from (x, G(x))

x is the source, y the target, D_i the hidden layer i of D. The judge sees the source too, so a plausible answer to
another question is no answer. Isola et al., CVPR 2017, https://arxiv.org/abs/1611.07004; the last term of G and several
judges, the network `multiscale_discriminator`, by Wang et al. (pix2pixHD), CVPR 2018, https://arxiv.org/abs/1711.11585
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from annotated_types import Ge
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.settings import Settings
from medtrans.losses._masked_mean import l1
from medtrans.losses.adversarial import Criterion, fools, tells_apart
from medtrans.losses.feature_matching import feature_matching
from medtrans.networks._conditioning import with_code
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.pix2pix_unet import Pix2PixUNetSettings


@dataclass(frozen=True, kw_only=True)
class Pix2PixSettings(Settings):
    generator: Generator = Pix2PixUNetSettings()
    """The network G from source to target."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The judge D of (source, image) pairs, patch by patch."""
    criterion: Criterion = "bce"
    """How the judge is scored: bce is the paper's, least_squares is calmer."""
    l1: Annotated[float, Ge(0)] = 100.0
    """Weight of the distance to the target, counted inside the body."""
    feature_matching: Annotated[float, Ge(0)] = 0.0
    """Weight of looking like the target to the judge's hidden layers; pix2pixHD takes 10, and no l1."""


class Pix2Pix(Method):
    """Two players: the generator, then the discriminator. Conditions of a case stand beside its source as a code."""

    Settings = Pix2PixSettings
    told = True

    def __init__(self, task: Task, settings: Pix2PixSettings) -> None:
        super().__init__(task, settings)
        self.settings = settings
        seen = task.source_channels + task.conditions
        self.G = settings.generator.build(task.spatial_dims, seen, task.target_channels)
        self.D = settings.discriminator.build(task.spatial_dims, seen + task.target_channels, 1)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G], "discriminator": [self.D]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y = with_code(batch.source, batch.condition), batch.target
        criterion = self.settings.criterion
        fake = self.G(x)
        judged, seen = self._judge(x, fake, features=True)
        terms = {"fool": fools(judged, criterion), "l1": self.settings.l1 * l1(fake, y, batch.mask)}
        if self.settings.feature_matching:
            _, wanted = self._judge(x, y, features=True)
            terms["feature_matching"] = self.settings.feature_matching * feature_matching(seen, wanted)
        yield "generator", terms

        # Detached: the discriminator must not teach the generator.
        yield "discriminator", {"tell": tells_apart(self._judge(x, y), self._judge(x, fake.detach()), criterion)}

    def _judge(self, source: Tensor, image: Tensor, features: bool = False) -> Any:
        return self.D(torch.cat([source, image], dim=1), features=features)

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G(with_code(source, condition))
