"""RegGAN: paired translation with a registration network in the loss, for pairs that are not aligned to the voxel.

    generator, registration:  adversarial generator_loss(D(G(x))) + l1 | G(x) ∘ φ - y | + unregistered | G(x) - y |
                              + smoothness | ∇φ |²,    φ = R(G(x), y)
    discriminator:            discriminator_loss(D(y), D(G(x)))

x is the source, y a misaligned target; R predicts displacements, and is not used at translation. Kong et al., NeurIPS
2021, https://arxiv.org/abs/2110.06465, section 3.2. The unregistered distance is not in the paper, where it is 0, with
l1 20 and smoothness 10: without it R corrects errors of position of G by fractions of a voxel, and G does not
improve (docs/benchmarks.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term, adversarial_term
from medtrans.losses._masked_mean import l1
from medtrans.losses.adversarial import GANLoss, discriminator_loss, generator_loss
from medtrans.losses.deformation import smoothness_penalty, warp
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
    """The network D, a patch discriminator."""
    gan_loss: GANLoss = "least_squares"
    """Adversarial loss; least_squares is the paper's."""
    adversarial: Annotated[float, Ge(0)] = 1.0
    """Weight of the adversarial loss."""
    l1: Annotated[float, Ge(0)] = 60.0
    """Weight of the mean absolute error of the registered translation inside the body mask; 20 in the paper."""
    smoothness: Annotated[float, Ge(0)] = 20.0
    """Weight of the smoothness penalty of the displacements; 10 in the paper."""
    unregistered: Annotated[float, Ge(0)] = 20.0
    """Weight of the mean absolute error of the translation itself; 0 in the paper. It keeps G at the mean position of
    the targets: a constant displacement by G, which R reverses, costs nothing else."""


class RegGAN(Method):
    """Two players: generator and registration together, then the discriminator."""

    Settings = RegGANSettings
    paper: ClassVar[str] = "Kong et al., NeurIPS 2021, https://arxiv.org/abs/2110.06465"
    PUBLISHED = RegGANSettings(
        generator=ResNetSettings(norm="instance", upsampling="transposed", activation="tanh"),
        discriminator=PatchDiscriminatorSettings(norm="instance"),
        l1=20.0,
        smoothness=10.0,
        unregistered=0.0,
    )
    optimizer = OptimizerSettings(learning_rate=1e-4, betas=(0.5, 0.999))
    """The authors' program (Kid-Liet/Reg-GAN, Yaml/ and trainer/)."""
    weighs_voxels = True

    def __init__(self, task: Task, settings: RegGANSettings) -> None:
        super().__init__(task, settings)
        dims, source, target = task.spatial_dims, task.source_channels, task.target_channels
        self.G = settings.generator.build(dims, source, target)
        self.R = settings.registration.build(dims, 2 * target, dims)
        for weight in self.R.last.parameters():
            nn.init.normal_(weight, std=1e-5)  # displacements of almost 0 at first, as VoxelMorph
        self.D = settings.discriminator.build(dims, target, 1)
        self.divisor = math.lcm(settings.generator.divisor, settings.registration.divisor)

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G, self.R], "discriminator": [self.D]}

    @classmethod
    def terms(cls, settings: RegGANSettings) -> dict[str, Term]:
        l1 = Term("mean absolute error of the registered translation", settings.l1, masked=True, settings=("l1",))
        text, said = "mean absolute error of the translation itself", ("unregistered",)
        smoothness = Term("squared gradient of the displacements", settings.smoothness, settings=("smoothness",))
        return {
            "generator/gan": adversarial_term(settings.gan_loss, settings.adversarial, "adversarial"),
            "generator/l1": l1,
            "generator/unregistered": Term(text, settings.unregistered, masked=True, settings=said),
            "generator/smoothness": smoothness,
            "discriminator/gan": adversarial_term(settings.gan_loss),
        }

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y = batch.source, batch.target
        settings = self.settings
        fake = self.G(x)
        field = self.R(torch.cat([fake, y], dim=1))
        yield (
            "generator",
            {
                "gan": settings.adversarial * generator_loss(self.D(fake), settings.gan_loss),
                "l1": settings.l1 * l1(warp(fake, field), y, batch.mask),
                "unregistered": settings.unregistered * l1(fake, y, batch.mask),
                "smoothness": settings.smoothness * smoothness_penalty(field),
            },
        )
        # Detached: no gradient of the discriminator's loss may reach the generator.
        yield "discriminator", {"gan": discriminator_loss(self.D(y), self.D(fake.detach()), settings.gan_loss)}

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G(source)
