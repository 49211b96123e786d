"""Projection GAN: class-conditional GAN whose discriminator projects the features of an image onto its class.

    fake = G(z, c),  z ~ N(0, I);     D(y, c) = ψ(φ(y)) + v_c · φ(y)
    discriminator:  discriminator_loss(D(y, c), D(fake, c)) + ½ γ |∇D(y, c)|²
    generator:      generator_loss(D(fake, c))

y is a real image, c its class, γ the weight `gradient_penalty`. Miyato & Koyama, ICLR 2018,
https://arxiv.org/abs/1802.05637, section 3 and figure 1(d), with a linear ψ: ψ and v_c are rows of the last layer of D.
Penalty: Mescheder et al. (R1), ICML 2018, https://arxiv.org/abs/1801.04406, section 4.1; the paper has none, nor has
the default, but without it D diverged on images of heads, and G collapsed. The published networks are residual, with
spectral norm and class-conditional batch norm, which are not here.
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
from medtrans.core.term import Term, adversarial_term, penalty_term
from medtrans.losses.adversarial import GANLoss, discriminator_loss, generator_loss
from medtrans.networks._conditioning import ClassConditionalGenerator, class_numbers
from medtrans.networks.decoder import DecoderSettings
from medtrans.networks.encoder import EncoderSettings


@dataclass(frozen=True, kw_only=True)
class ProjectionGANSettings(Settings):
    generator: DecoderSettings = DecoderSettings()
    """The network G from noise and class to image."""
    discriminator: EncoderSettings = EncoderSettings()
    """The network D from image to the numbers ψ(φ(y)) and v_1 · φ(y) … of each class."""
    latent: Annotated[int, Ge(1)] = 100
    """Length of the noise vector z."""
    classes: Annotated[int, Ge(2)] = 2
    """Number of classes; the one condition of a case is the number of its class, from 0."""
    embedding: Annotated[int, Ge(1)] = 16
    """Dimensions of the learned embedding of a class, the second input of G."""
    gan_loss: GANLoss = "hinge"
    """Adversarial loss; hinge is the paper's."""
    gradient_penalty: Annotated[float, Ge(0)] = 0.0
    """Weight γ of the penalty on the discriminator's gradient at real images (R1); 0 in the paper."""


class ProjectionGAN(Method):
    """Two players: the discriminator, then the generator, whose images have the classes of the batch."""

    Settings = ProjectionGANSettings
    paper: ClassVar[str] = "Miyato & Koyama, ICLR 2018, https://arxiv.org/abs/1802.05637"
    PUBLISHED = ProjectionGANSettings(latent=128, generator=DecoderSettings(norm="batch", activation="tanh"))
    optimizer = OptimizerSettings(learning_rate=2e-4, betas=(0.0, 0.9))
    """Section 4; also the authors' program (pfnet-research/sngan_projection, configs/sn_projection.yml)."""
    uses_conditions = True
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: ProjectionGANSettings) -> None:
        super().__init__(task, settings)
        if task.conditions != 1:
            what = f"has {task.conditions} columns, but the class is one number"
            raise UsageError("preparing.conditions", what, "name the one column of reading.table that holds it")
        dims, channels = task.spatial_dims, task.target_channels
        embedding = nn.Embedding(settings.classes, settings.embedding)
        if settings.gradient_penalty:
            settings.discriminator.refuse_batch_norm()
        inputs = settings.latent + settings.embedding
        self.G = ClassConditionalGenerator(settings.generator.build(dims, inputs, channels, task.size), embedding)
        self.D = settings.discriminator.build(dims, channels, 1 + settings.classes, task.size)
        self.divisor = task.size

    def players(self) -> dict[str, list[nn.Module]]:
        return {"discriminator": [self.D], "generator": [self.G]}

    @classmethod
    def terms(cls, settings: ProjectionGANSettings) -> dict[str, Term]:
        gan, penalty = adversarial_term(settings.gan_loss), penalty_term(settings.gradient_penalty)
        penalised = {"discriminator/gradient_penalty": penalty} if settings.gradient_penalty else {}
        return {"discriminator/gan": gan, **penalised, "generator/gan": gan}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        y, c, settings = batch.target, self._classes(batch.condition), self.settings
        fake = self.G(batch.normal(settings.latent, key=0), c).detach()
        terms = {"gan": discriminator_loss([self._logits(y, c)], [self._logits(fake, c)], settings.gan_loss)}
        if settings.gradient_penalty:
            norms = self.D(y, gradient_of=self._summands(c))
            terms["gradient_penalty"] = settings.gradient_penalty / 2 * norms.square().mean()
        yield "discriminator", terms

        fake = self.G(batch.normal(settings.latent, key=1), c)
        yield "generator", {"gan": generator_loss([self._logits(fake, c)], settings.gan_loss)}

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor:
        c = self._classes(condition)
        return self.G(torch.randn(count, self.settings.latent).to(c.device), c)

    def _classes(self, condition: Tensor | None) -> Tensor:
        return class_numbers(condition, self.settings.classes, "classes")

    def _logits(self, image: Tensor, c: Tensor) -> Tensor:
        """D(image, c) (batch, 1)."""
        return (self._summands(c) * self.D(image)).sum(dim=1, keepdim=True)

    def _summands(self, c: Tensor) -> Tensor:
        """1 for the outputs of the network D, (batch, 1 + classes), whose sum is D(·, c)."""
        summands = one_hot(1 + c, 1 + self.settings.classes)
        summands[:, 0] = 1
        return summands
