"""StarGAN: one generator between many contrasts, learned from images that come one contrast at a time.

    G:  fools(D(G(x, t))) + contrast CE(C(G(x, t)), t) + cycle | G(G(x, t), s) - x |
    D:  tells x from G(x, t),  contrast CE(C(x), s)

x is an image of contrast s, t the one asked for; C, the contrast an image is taken for, is D's second answer.
Choi et al., CVPR 2018, https://arxiv.org/abs/1711.09020
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
from medtrans.core.settings import Settings
from medtrans.losses.adversarial import Criterion, fools, tells_apart
from medtrans.networks._conditioning import numbers, with_code
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.resnet import ResNetSettings


@dataclass(frozen=True, kw_only=True)
class StarGANSettings(Settings):
    contrasts: Annotated[int, Ge(2)] = 3
    """How many there are; the condition of a case is its contrast's number, from 0."""
    generator: Generator = ResNetSettings(blocks=6)
    """The network G from an image and the contrast asked for to the image in that contrast."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The judge D of images, patch by patch, and of their contrast C, by the mean over the patches."""
    criterion: Criterion = "least_squares"
    """How the judge is scored; the paper takes a Wasserstein distance."""
    contrast: Annotated[float, Ge(0)] = 1.0
    """Weight of being taken for the contrast asked for."""
    cycle: Annotated[float, Ge(0)] = 10.0
    """Weight of coming back to where one started."""


class StarGAN(Method):
    """Two players: the generator, then the discriminator. A translation's condition is the contrast asked for."""

    Settings = StarGANSettings
    told = True
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: StarGANSettings) -> None:
        super().__init__(task, settings)
        if task.conditions != 1:
            what = f"has {task.conditions} columns, not one that holds the contrast's number"
            raise UsageError("preparing.conditions", what, "add such a column to reading.table and name it there")
        if task.source_channels != task.target_channels:
            what = f"{task.source_channels} source and {task.target_channels} target channels cannot be one image"
            raise UsageError("preparing.stack", what, "set preparing.stack: 1")
        self.settings = settings
        dims, channels = task.spatial_dims, task.source_channels
        self.G = settings.generator.build(dims, channels + settings.contrasts, channels)
        self.D = settings.discriminator.build(dims, channels, 1 + settings.contrasts)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G], "discriminator": [self.D]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, s, asked = batch.source, self._contrasts(batch.condition), self.settings
        t = (batch.uniform() * asked.contrasts).long()
        fake = self._made(x, t)
        judged, taken_for = self._judge(fake)
        yield (
            "generator",
            {
                "fool": fools(judged, asked.criterion),
                "contrast": asked.contrast * cross_entropy(taken_for, t),
                "cycle": asked.cycle * l1_loss(self._made(fake, s), x),
            },
        )
        # Detached: the discriminator must not teach the generator.
        real, taken_for = self._judge(x)
        terms = {
            "tell": tells_apart(real, self._judge(fake.detach())[0], asked.criterion),
            "contrast": asked.contrast * cross_entropy(taken_for, s),
        }
        yield "discriminator", terms

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self._made(source, self._contrasts(condition))

    def _contrasts(self, condition: Tensor | None) -> Tensor:
        return numbers(condition, self.settings.contrasts, "contrasts")

    def _made(self, image: Tensor, contrast: Tensor) -> Tensor:
        code = one_hot(contrast, self.settings.contrasts).to(image)
        return self.G(with_code(image, code))

    def _judge(self, image: Tensor) -> tuple[list[Tensor], Tensor]:
        """How real each patch looks, at each scale; and the contrast of the image: logits (batch, contrasts)."""
        scales = self.D(image)
        contrast = torch.stack([logits[:, 1:].flatten(2).mean(dim=2) for logits in scales]).mean(dim=0)
        return [logits[:, :1] for logits in scales], contrast
