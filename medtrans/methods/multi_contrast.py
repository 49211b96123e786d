"""Multi-contrast GAN: one generator that synthesises any contrast of an examination from any of the others.

    generator:      generator_loss(D(c, G(c))) + l1 | G(c) - y_t |
    discriminator:  discriminator_loss(D(c, y_t), D(c, G(c)))
    c = (input contrasts, which they are, t)

x are the contrasts of an examination, y_t the contrast to be synthesised; the inputs, at least one, and t are random
for every item. Sharma & Hamarneh (MM-GAN), IEEE TMI 2020, https://arxiv.org/abs/1904.12200, section III; t as constant
channels: Choi et al. (StarGAN), CVPR 2018, https://arxiv.org/abs/1711.09020, section 3.1. Published weights are l1 0.9
and adversarial 0.1, with the U-Net of pix2pix, which synthesises all missing contrasts at once; ours are 100 and 1, and
one contrast at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import one_hot

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term, adversarial_term
from medtrans.losses._masked_mean import l1
from medtrans.losses.adversarial import GANLoss, discriminator_loss, generator_loss
from medtrans.networks._conditioning import with_condition
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.pix2pix_unet import Pix2PixUNetSettings
from medtrans.networks.unet import UNetSettings

MISSING = -1.0
"""Value of all voxels of a missing contrast: air."""


@dataclass(frozen=True, kw_only=True)
class MultiContrastSettings(Settings):
    generator: Generator = UNetSettings()
    """The network G from the input contrasts to the missing one."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network D of the input of G and an image, a patch discriminator."""
    gan_loss: GANLoss = "least_squares"
    """Adversarial loss; least_squares is the paper's."""
    adversarial: Annotated[float, Ge(0)] = 1.0
    """Weight of the adversarial loss; 0 gives a regression."""
    l1: Annotated[float, Ge(0)] = 100.0
    """Weight of the mean absolute error inside the body mask."""


class MultiContrast(Method):
    """Two players: the generator, then the discriminator.

    The channels of a case are its contrasts. As many conditions, 1 or 0, say which of them are available (the file of a
    missing one is ignored); without conditions, a contrast that is air throughout is missing.
    """

    Settings = MultiContrastSettings
    paper: ClassVar[str] = "Sharma & Hamarneh (MM-GAN), IEEE TMI 2020, https://arxiv.org/abs/1904.12200"
    PUBLISHED = MultiContrastSettings(
        generator=Pix2PixUNetSettings(depth=8, norm="instance", upsampling="transposed"), adversarial=0.1, l1=0.9
    )
    optimizer = OptimizerSettings(learning_rate=2e-4, betas=(0.5, 0.999))
    """Defaults of the authors' program (trane293/mm-gan, train_mmgan_brats2018.py)."""
    uses_conditions = True
    weighs_voxels = True
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: MultiContrastSettings) -> None:
        super().__init__(task, settings)
        contrasts = task.target_channels
        if not task.source_channels == contrasts >= 2:
            what = f"{task.source_channels} source and {contrasts} target channels are not the same contrasts"
            raise UsageError("reading.source", what, "give two contrasts or more, and leave out reading.target")
        if task.conditions not in (0, contrasts):
            what = f"has {task.conditions} columns for {contrasts} contrasts"
            raise UsageError("preparing.conditions", what, "name one for each, 1 where it is available, or none")
        self.G = settings.generator.build(task.spatial_dims, 3 * contrasts, 1)
        if settings.adversarial:
            self.D = settings.discriminator.build(task.spatial_dims, 3 * contrasts + 1, 1)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G]} | ({"discriminator": [self.D]} if self.settings.adversarial else {})

    @classmethod
    def terms(cls, settings: MultiContrastSettings) -> dict[str, Term]:
        l1 = Term("mean absolute error of the contrast left out", settings.l1, masked=True, settings=("l1",))
        if not settings.adversarial:
            return {"generator/l1": l1}
        return {
            "generator/l1": l1,
            "generator/gan": adversarial_term(settings.gan_loss, settings.adversarial, "adversarial"),
            "discriminator/gan": adversarial_term(settings.gan_loss),
        }

    @classmethod
    def unused(cls, settings: MultiContrastSettings) -> tuple[str, ...]:
        return () if settings.adversarial else ("discriminator", "gan_loss")

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, gan_loss = batch.source, self.settings.gan_loss
        t, inputs = _random_task(batch, _available(x, batch.condition))
        y = (_per_channel(t, x) * batch.target).sum(dim=1, keepdim=True)
        c = _generator_input(x, inputs, t)
        fake = self.G(c)
        terms = {"l1": self.settings.l1 * l1(fake, y, batch.mask)}
        if not self.settings.adversarial:
            yield "generator", terms
            return
        terms["gan"] = self.settings.adversarial * generator_loss(self._discriminate(c, fake), gan_loss)
        yield "generator", terms
        # Detached: no gradient of the discriminator's loss may reach the generator.
        real_logits, fake_logits = self._discriminate(c, y), self._discriminate(c, fake.detach())
        yield "discriminator", {"gan": discriminator_loss(real_logits, fake_logits, gan_loss)}

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        """Every contrast, synthesised from the other available ones; a single available one is returned unchanged."""
        available = _available(source, condition)
        translated = []
        for t, image in zip(torch.eye(available.shape[1]).to(available), source.split(1, dim=1), strict=True):
            inputs = available * (1 - t)
            synthesised = self.G(_generator_input(source, inputs, t.expand_as(available)))
            translated.append(torch.where(_per_channel(inputs, source).any(dim=1, keepdim=True), synthesised, image))
        return torch.cat(translated, dim=1)

    def _discriminate(self, c: Tensor, image: Tensor) -> list[Tensor]:
        return self.D(torch.cat([c, image], dim=1))


def _available(source: Tensor, condition: Tensor | None) -> Tensor:
    """(batch, contrasts): 1 for the available ones. Raises UsageError on other conditions than 0 and 1."""
    if condition is None:
        return (source != MISSING).flatten(2).any(dim=2).to(source)
    if not (((condition == 0) | (condition == 1)).all() and condition.any(dim=1).all()):
        what = f"{condition.tolist()} does not say which contrasts are available"
        raise UsageError("preparing.conditions", what, "give 1 for each available one (at least one), else 0")
    return condition


def _random_task(batch: Batch, available: Tensor) -> tuple[Tensor, Tensor]:
    """The contrast to be synthesised (one-hot) and the inputs: a random number of random others."""
    contrasts = available.shape[1]
    t = one_hot((batch.uniform(contrasts, key=0) * available).argmax(dim=1), contrasts).to(available)
    others = available * (1 - t)
    order = (batch.uniform(contrasts, key=1) * others).argsort(dim=1, descending=True).argsort(dim=1)
    count = (1 + batch.uniform(1, key=2) * others.sum(dim=1, keepdim=True)).floor()
    return t, others * (order < count)


def _generator_input(source: Tensor, inputs: Tensor, t: Tensor) -> Tensor:
    """The input contrasts, and two codes (batch, contrasts) as constant channels."""
    images = torch.where(_per_channel(inputs, source) > 0, source, MISSING)
    return with_condition(images, torch.cat([inputs, t], dim=1))


def _per_channel(code: Tensor, like: Tensor) -> Tensor:
    """(batch, channel) reshaped for a product with (batch, channel, *space)."""
    return code.reshape(*code.shape, *[1] * (like.ndim - 2))
