"""Class-conditional GAN: makes images of the class it is asked for.

    fake = G(z, c),  z ~ N(0, I);     D(y) = (o, o_1 … o_classes)
    projection:  judges by o + o_c, with the criterion
    auxiliary:   judges by o, and names the class:  N(y) = -log softmax(o_1 …)[c]
                 D:  tells y from fake + ½ [N(y) + N(fake)]        G:  fools D + N(fake)

y is a real image, c its class. AC-GAN, Odena et al., ICML 2017, https://arxiv.org/abs/1610.09585, whose discriminator
also names the class: half of its L_S + L_C, for telling apart is halved too. Or the projection discriminator, Miyato
& Koyama, ICLR 2018, https://arxiv.org/abs/1802.05637: ψ(φ(y)) + v_c · φ(y) with linear ψ, both rows of D's last layer.
With `penalty` D also keeps its slope at real images low, ½ penalty |∇(o + o_c)(y)|² (R1, Mescheder et al., ICML 2018,
https://arxiv.org/abs/1801.04406); without it D ran away on heads, and G collapsed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.settings import Settings
from medtrans.losses.adversarial import Criterion, fools, tells_apart
from medtrans.networks._conditioning import numbers
from medtrans.networks.decoder import DecoderSettings
from medtrans.networks.encoder import EncoderSettings


@dataclass(frozen=True, kw_only=True)
class ConditionalGANSettings(Settings):
    generator: DecoderSettings = DecoderSettings()
    """The network G from noise and class to image."""
    discriminator: EncoderSettings = EncoderSettings()
    """The network D from image to one number, and one for each class."""
    latent: Annotated[int, Ge(1)] = 100
    """Numbers of noise that an image is made of."""
    classes: Annotated[int, Ge(2)] = 2
    """How many there are; the one condition is the number of the class, from 0."""
    embedding: Annotated[int, Ge(1)] = 16
    """Numbers that tell G the class, beside the noise."""
    conditioning: Literal["auxiliary", "projection"] = "projection"
    """auxiliary names the class of an image, projection judges whether image and class fit."""
    criterion: Criterion = "bce"
    """How the discriminator is scored: bce is AC-GAN's, hinge the projection paper's."""
    penalty: Annotated[float, Ge(0)] = 0.0
    """Weight of the discriminator's squared slope at real images; 0 in both papers."""


class ConditionalGAN(Method):
    """Two players. Each step asks for the classes of its real images."""

    Settings = ConditionalGANSettings
    told = True
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: ConditionalGANSettings) -> None:
        super().__init__(task, settings)
        if task.conditions != 1:
            what = f"{task.conditions} are given, but the class is one number"
            raise UsageError("preparing.conditions", what, "name the one column of reading.table that holds it")
        dims, channels, numbers = task.spatial_dims, task.target_channels, settings.latent + settings.embedding
        self.embedding = nn.Embedding(settings.classes, settings.embedding)
        if settings.penalty:
            settings.discriminator.assert_one_by_one()
        self.G = settings.generator.build(dims, numbers, channels, task.size)
        self.D = settings.discriminator.build(dims, channels, 1 + settings.classes, task.size)
        self.divisor = task.size

    def players(self) -> dict[str, list[nn.Module]]:
        return {"discriminator": [self.D], "generator": [self.G, self.embedding]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        y, c, criterion = batch.target, self._classes(batch.condition), self.settings.criterion
        fake = self._make(batch.normal(self.settings.latent, key=0), c).detach()
        (real, named), (made, misnamed) = self._judge(y, c), self._judge(fake, c)
        auxiliary = self.settings.conditioning == "auxiliary"
        terms = {"tell": tells_apart([real], [made], criterion)}
        if self.settings.penalty:
            terms["slope"] = self.settings.penalty / 2 * self.D(y, of=self._judging(c)).square().mean()
        # Half of both, as telling them apart is half of both: the paper weighs the two alike.
        yield "discriminator", {**terms, "name": (named + misnamed) / 2} if auxiliary else terms

        made, named = self._judge(self._make(batch.normal(self.settings.latent, key=1), c), c)
        terms = {"fool": fools([made], criterion)}
        yield "generator", {**terms, "name": named} if auxiliary else terms

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor:
        c = self._classes(condition)
        return self._make(torch.randn(count, self.settings.latent).to(c.device), c)

    def _make(self, z: Tensor, c: Tensor) -> Tensor:
        return self.G(torch.cat([z, self.embedding(c)], dim=1))

    def _judge(self, image: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Logits that images are real (batch, 1), and how badly their classes are named."""
        said = self.D(image)
        return (self._judging(c) * said).sum(dim=1, keepdim=True), cross_entropy(said[:, 1:], c)

    def _judging(self, c: Tensor) -> Tensor:
        """Which of the numbers that D says, (batch, 1 + classes), add up to whether an image of class `c` is real."""
        counted = one_hot(1 + c, 1 + self.settings.classes) * (self.settings.conditioning == "projection")
        counted[:, 0] = 1
        return counted

    def _classes(self, condition: Tensor | None) -> Tensor:
        return numbers(condition, self.settings.classes, "classes")
