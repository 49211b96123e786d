"""Multi-contrast: one generator that makes any contrast of an examination from any of the others.

    G: fools(D(seen, G(seen))) + l1 | G(seen) - y_t |        D: tells (seen, y_t) from (seen, G(seen))
    seen = (shown contrasts, which they are, t)

x are the contrasts of an examination, y_t the one asked for; which are shown, at least one, and t are drawn for every
item. Sharma & Hamarneh (MM-GAN), IEEE TMI 2020, https://arxiv.org/abs/1904.12200; the code of the asked contrast as
constant channels: Choi et al. (StarGAN), CVPR 2018, https://arxiv.org/abs/1711.09020
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
from medtrans.core.settings import Settings
from medtrans.losses._masked_mean import l1
from medtrans.losses.adversarial import Criterion, fools, tells_apart
from medtrans.networks._conditioning import with_code
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.unet import UNetSettings

MISSING = -1.0
"""What a contrast that is not given looks like: air everywhere."""


@dataclass(frozen=True, kw_only=True)
class MultiContrastSettings(Settings):
    generator: Generator = UNetSettings()
    """The network G from what is shown to the contrast asked for."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The judge D of what G saw and an image, patch by patch."""
    criterion: Criterion = "least_squares"
    """How the judge is scored."""
    adversarial: Annotated[float, Ge(0)] = 1.0
    """Weight of fooling the judge; 0 leaves a regression."""
    l1: Annotated[float, Ge(0)] = 100.0
    """Weight of the distance to the contrast asked for, inside the body."""


class MultiContrast(Method):
    """Two players: the generator, then the discriminator.

    A case is the stack of its contrasts. Which of them are there is told by as many conditions, 1 or 0 (a file that
    stands in for a missing one is never looked at); without conditions, one that is air throughout is missing.
    """

    Settings = MultiContrastSettings
    told = True
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: MultiContrastSettings) -> None:
        super().__init__(task, settings)
        self.settings = settings
        contrasts = task.target_channels
        if not task.source_channels == contrasts >= 2:
            what = f"{task.source_channels} source and {contrasts} target channels are not the same contrasts"
            raise UsageError("reading.source", what, "give two contrasts or more, and leave out reading.target")
        if task.conditions not in (0, contrasts):
            what = f"has {task.conditions} columns for {contrasts} contrasts"
            raise UsageError("preparing.conditions", what, "name one for each, 1 where it is there, or none")
        self.G = settings.generator.build(task.spatial_dims, 3 * contrasts, 1)
        if settings.adversarial:
            self.D = settings.discriminator.build(task.spatial_dims, 3 * contrasts + 1, 1)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G]} | ({"discriminator": [self.D]} if self.settings.adversarial else {})

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, criterion = batch.source, self.settings.criterion
        t, shown = _drawn(batch, _there(x, batch.condition))
        y = (_wide(t, x) * batch.target).sum(dim=1, keepdim=True)
        seen = _seen(x, shown, t)
        fake = self.G(seen)
        terms = {"l1": self.settings.l1 * l1(fake, y, batch.mask)}
        if not self.settings.adversarial:
            yield "generator", terms
            return
        terms["fool"] = self.settings.adversarial * fools(self._judge(seen, fake), criterion)
        yield "generator", terms
        # Detached: the discriminator must not teach the generator.
        yield "discriminator", {"tell": tells_apart(self._judge(seen, y), self._judge(seen, fake.detach()), criterion)}

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        """Every contrast, made from those of the others that are there; the only one that is there, as it is."""
        there = _there(source, condition)
        made = []
        for t, itself in zip(torch.eye(there.shape[1]).to(there), source.split(1, dim=1), strict=True):
            shown = there * (1 - t)
            one = self.G(_seen(source, shown, t.expand_as(there)))
            made.append(torch.where(_wide(shown, source).any(dim=1, keepdim=True), one, itself))
        return torch.cat(made, dim=1)

    def _judge(self, seen: Tensor, image: Tensor) -> list[Tensor]:
        return self.D(torch.cat([seen, image], dim=1))


def _there(source: Tensor, condition: Tensor | None) -> Tensor:
    """(batch, contrasts): 1 for those that are there. Raises UsageError on conditions that do not say so."""
    if condition is None:
        return (source != MISSING).flatten(2).any(dim=2).to(source)
    if not (((condition == 0) | (condition == 1)).all() and condition.any(dim=1).all()):
        what = f"{condition.tolist()} does not say which contrasts are there"
        raise UsageError("preparing.conditions", what, "give 1 for each that is there, one at least, and 0 for others")
    return condition


def _drawn(batch: Batch, there: Tensor) -> tuple[Tensor, Tensor]:
    """Which contrast is asked for (one-hot) and which of the others are shown: any number of them, any choice."""
    contrasts = there.shape[1]
    asked = one_hot((batch.uniform(contrasts, key=0) * there).argmax(dim=1), contrasts).to(there)
    others = there * (1 - asked)
    order = (batch.uniform(contrasts, key=1) * others).argsort(dim=1, descending=True).argsort(dim=1)
    count = (1 + batch.uniform(1, key=2) * others.sum(dim=1, keepdim=True)).floor()
    return asked, others * (order < count)


def _seen(source: Tensor, shown: Tensor, asked: Tensor) -> Tensor:
    """What G sees: the contrasts shown, and two codes (batch, contrasts) as constant channels."""
    images = torch.where(_wide(shown, source) > 0, source, MISSING)
    return with_code(images, torch.cat([shown, asked], dim=1))


def _wide(code: Tensor, like: Tensor) -> Tensor:
    """(batch, number) to be multiplied with (batch, number, *space)."""
    return code.reshape(*code.shape, *[1] * (like.ndim - 2))
