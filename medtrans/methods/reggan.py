"""RegGAN: a network in the loss registers the translation to its target, so that pairs need not fit to the voxel.

    G, R:  adversarial fools(D(G(x))) + l1 | G(x) ∘ φ - y | + unregistered | G(x) - y | + smoothness | ∇φ |²
    D:     tells y from G(x)                                                      φ = R(G(x), y)

x is the source, y a target that lies askew; R gives displacements. What of the misfit is smooth and changes from pair
to pair, R explains, and G learns the image that fits x. At translation R is left out.
Kong et al., NeurIPS 2021, https://arxiv.org/abs/2110.06465. The unregistered distance is not in the paper: without it R
mends by fractions of a voxel what G draws in the wrong place, and G never learns better (docs/benchmarks.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from annotated_types import Ge
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.settings import Settings
from medtrans.losses._masked_mean import l1
from medtrans.losses.adversarial import Criterion, fools, tells_apart
from medtrans.losses.deformation import roughness, warped
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.resnet import ResNetSettings
from medtrans.networks.unet import UNetSettings


@dataclass(frozen=True, kw_only=True)
class RegGANSettings(Settings):
    generator: Generator = ResNetSettings()
    """The network G from source to target."""
    registration: UNetSettings = UNetSettings(channels=(16, 32, 32, 32, 32))
    """The network R from translation and target to displacements in voxels."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The judge D of images, patch by patch."""
    criterion: Criterion = "least_squares"
    """How the judge is scored."""
    adversarial: Annotated[float, Ge(0)] = 1.0
    """Weight of fooling the judge."""
    l1: Annotated[float, Ge(0)] = 60.0
    """Weight of the distance between the registered translation and the target, inside the body; 20 in the paper."""
    smoothness: Annotated[float, Ge(0)] = 20.0
    """Weight of the roughness of the displacements: the more, the less R may bend; 10 in the paper."""
    unregistered: Annotated[float, Ge(0)] = 20.0
    """Weight of the distance between the translation as it is and the target: keeps G in the middle of where targets
    lie, which nothing else does, for what R brings back costs nothing."""


class RegGAN(Method):
    """Two players: generator and registration together, then the discriminator."""

    Settings = RegGANSettings

    def __init__(self, task: Task, settings: RegGANSettings) -> None:
        super().__init__(task, settings)
        self.settings = settings
        dims, source, target = task.spatial_dims, task.source_channels, task.target_channels
        self.G = settings.generator.build(dims, source, target)
        self.R = settings.registration.build(dims, 2 * target, dims)
        for weight in self.R.last.parameters():
            nn.init.normal_(weight, std=1e-5)  # begins by moving nothing, as VoxelMorph
        self.D = settings.discriminator.build(dims, target, 1)
        self.divisor = math.lcm(settings.generator.divisor, settings.registration.divisor)

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G, self.R], "discriminator": [self.D]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y = batch.source, batch.target
        asked = self.settings
        fake = self.G(x)
        field = self.R(torch.cat([fake, y], dim=1))
        yield (
            "generator",
            {
                "fool": asked.adversarial * fools(self.D(fake), asked.criterion),
                "l1": asked.l1 * l1(warped(fake, field), y, batch.mask),
                "unregistered": asked.unregistered * l1(fake, y, batch.mask),
                "smoothness": asked.smoothness * roughness(field),
            },
        )
        # Detached: the discriminator must not teach the generator.
        yield "discriminator", {"tell": tells_apart(self.D(y), self.D(fake.detach()), asked.criterion)}

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G(source)
