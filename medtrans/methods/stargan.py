"""StarGAN: one generator for translation between several contrasts, trained on images of one contrast each.

    generator:      generator_loss(D(G(x, t))) + classification CE(C(G(x, t)), t) + cycle | G(G(x, t), s) - x |
    discriminator:  discriminator_loss(D(x), D(G(x, t))) + classification CE(C(x), s)

x is an image of contrast s, t the target contrast; C, the logits of the contrasts, is D's second output.
Choi et al., CVPR 2018, https://arxiv.org/abs/1711.09020, equations 1 to 6. Published with a Wasserstein loss (equation
8), which is not here, instance norm, transposed convolutions and tanh, and a discriminator of six layers; the default
here is least squares with three layers and channel norm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, l1_loss, one_hot

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term, adversarial_term
from medtrans.losses.adversarial import GANLoss, discriminator_loss, generator_loss
from medtrans.networks._conditioning import class_numbers, with_condition
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.resnet import ResNetSettings


@dataclass(frozen=True, kw_only=True)
class StarGANSettings(Settings):
    contrasts: Annotated[int, Ge(2)] = 3
    """Number of contrasts; the condition of a case is the number of its contrast, from 0."""
    generator: Generator = ResNetSettings(blocks=6)
    """The network G from an image and a contrast to the image in that contrast."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network D, a patch discriminator, whose mean over patches also gives C."""
    gan_loss: GANLoss = "least_squares"
    """Adversarial loss; the paper's is a Wasserstein loss."""
    classification: Annotated[float, Ge(0)] = 1.0
    """Weight of the classification loss."""
    cycle: Annotated[float, Ge(0)] = 10.0
    """Weight of the cycle consistency loss."""


class StarGAN(Method):
    """Two players: the generator, then the discriminator. The condition of a translation is its target contrast."""

    Settings = StarGANSettings
    paper: ClassVar[str] = "Choi et al., CVPR 2018, https://arxiv.org/abs/1711.09020"
    PUBLISHED = StarGANSettings(
        generator=ResNetSettings(blocks=6, norm="instance", upsampling="transposed", activation="tanh"),
        discriminator=PatchDiscriminatorSettings(layers=6, norm="none"),
    )
    optimizer = OptimizerSettings(learning_rate=1e-4, betas=(0.5, 0.999))
    """Defaults of the authors' program (yunjey/stargan, main.py)."""
    uses_conditions = True
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: StarGANSettings) -> None:
        super().__init__(task, settings)
        if task.conditions != 1:
            what = f"has {task.conditions} columns, not one that holds the contrast's number"
            raise UsageError("preparing.conditions", what, "add such a column to reading.table and name it there")
        if task.source_channels != task.target_channels:
            what = f"{task.source_channels} source and {task.target_channels} target channels cannot be one image"
            raise UsageError("preparing.slices", what, "set preparing.slices: 1")
        dims, channels = task.spatial_dims, task.source_channels
        self.G = settings.generator.build(dims, channels + settings.contrasts, channels)
        self.D = settings.discriminator.build(dims, channels, 1 + settings.contrasts)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G], "discriminator": [self.D]}

    @classmethod
    def terms(cls, settings: StarGANSettings) -> dict[str, Term]:
        weight, said = settings.classification, ("classification",)
        return {
            "generator/gan": adversarial_term(settings.gan_loss),
            "generator/classification": Term("cross-entropy of the contrast of the translation", weight, settings=said),
            "generator/cycle": Term("mean absolute error of the cycle", settings.cycle, settings=("cycle",)),
            "discriminator/gan": adversarial_term(settings.gan_loss),
            "discriminator/classification": Term("cross-entropy of the contrast of the image", weight),
        }

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, s, settings = batch.source, self._contrasts(batch.condition), self.settings
        t = (batch.uniform() * settings.contrasts).long()
        fake = self._translate(x, t)
        logits, contrasts = self._discriminate(fake)
        yield (
            "generator",
            {
                "gan": generator_loss(logits, settings.gan_loss),
                "classification": settings.classification * cross_entropy(contrasts, t),
                "cycle": settings.cycle * l1_loss(self._translate(fake, s), x),
            },
        )
        # Detached: no gradient of the discriminator's loss may reach the generator.
        real, contrasts = self._discriminate(x)
        terms = {
            "gan": discriminator_loss(real, self._discriminate(fake.detach())[0], settings.gan_loss),
            "classification": settings.classification * cross_entropy(contrasts, s),
        }
        yield "discriminator", terms

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self._translate(source, self._contrasts(condition))

    def _contrasts(self, condition: Tensor | None) -> Tensor:
        return class_numbers(condition, self.settings.contrasts, "contrasts")

    def _translate(self, image: Tensor, contrast: Tensor) -> Tensor:
        code = one_hot(contrast, self.settings.contrasts).to(image)
        return self.G(with_condition(image, code))

    def _discriminate(self, image: Tensor) -> tuple[list[Tensor], Tensor]:
        """Logits of the patches, at each scale; logits of the contrasts (batch, contrasts)."""
        scales = self.D(image)
        contrast = torch.stack([logits[:, 1:].flatten(2).mean(dim=2) for logits in scales]).mean(dim=0)
        return [logits[:, :1] for logits in scales], contrast
