"""AC-GAN: class-conditional GAN whose discriminator also classifies the images.

    fake = G(z, c),  z ~ N(0, I);     D(y) = (o, o_1 … o_classes),     CE(y) = -log softmax(o_1 …)[c]
    discriminator:  discriminator_loss(o(y), o(fake)) + ½ [CE(y) + CE(fake)] + ½ γ |∇o(y)|²
    generator:      generator_loss(o(fake)) + CE(fake)

y is a real image, c its class, γ the weight `gradient_penalty`. Odena et al., ICML 2017,
https://arxiv.org/abs/1610.09585, section 3 (equations 2 and 3: L_S + L_C, of which the discriminator takes half here,
since discriminator_loss is halved too). Penalty: Mescheder et al. (R1), ICML 2018, https://arxiv.org/abs/1801.04406,
section 4.1; the paper has none, nor has the default. Published networks have batch norm and tanh; ours have channel
norm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

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
class ACGANSettings(Settings):
    generator: DecoderSettings = DecoderSettings()
    """The network G from noise and class to image."""
    discriminator: EncoderSettings = EncoderSettings()
    """The network D from image to the logit o, and one logit for each class."""
    latent: Annotated[int, Ge(1)] = 100
    """Length of the noise vector z."""
    classes: Annotated[int, Ge(2)] = 2
    """Number of classes; the one condition of a case is the number of its class, from 0."""
    embedding: Annotated[int, Ge(1)] = 16
    """Dimensions of the learned embedding of a class, the second input of G."""
    gan_loss: GANLoss = "non_saturating"
    """Adversarial loss; non_saturating is the paper's."""
    gradient_penalty: Annotated[float, Ge(0)] = 0.0
    """Weight γ of the penalty on the discriminator's gradient at real images (R1); 0 in the paper."""


class ACGAN(Method):
    """Two players: the discriminator, then the generator, whose images have the classes of the batch."""

    Settings = ACGANSettings
    paper: ClassVar[str] = "Odena et al., ICML 2017, https://arxiv.org/abs/1610.09585"
    PUBLISHED = ACGANSettings(
        generator=DecoderSettings(norm="batch", activation="tanh"), discriminator=EncoderSettings(norm="batch")
    )
    optimizer = OptimizerSettings(learning_rate=2e-4, betas=(0.5, 0.999))
    """Appendix A, table 1."""
    uses_conditions = True
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: ACGANSettings) -> None:
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
    def terms(cls, settings: ACGANSettings) -> dict[str, Term]:
        mean = Term("cross-entropy of the classes of real and generated images (mean of both)")
        discriminator = {"gan": adversarial_term(settings.gan_loss), "classification": mean}
        if settings.gradient_penalty:
            discriminator["gradient_penalty"] = penalty_term(settings.gradient_penalty)
        return {
            **{f"discriminator/{name}": term for name, term in discriminator.items()},
            "generator/gan": adversarial_term(settings.gan_loss),
            "generator/classification": Term("cross-entropy of the classes of generated images"),
        }

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        y, c, settings = batch.target, self._classes(batch.condition), self.settings
        fake = self.G(batch.normal(settings.latent, key=0), c).detach()
        real_output, fake_output = self.D(y), self.D(fake)
        terms = {
            "gan": discriminator_loss([real_output[:, :1]], [fake_output[:, :1]], settings.gan_loss),
            # Half, since the paper gives both losses the same weight and discriminator_loss is halved.
            "classification": (cross_entropy(real_output[:, 1:], c) + cross_entropy(fake_output[:, 1:], c)) / 2,
        }
        if settings.gradient_penalty:
            logit = torch.zeros_like(real_output)
            logit[:, 0] = 1
            terms["gradient_penalty"] = settings.gradient_penalty / 2 * self.D(y, gradient_of=logit).square().mean()
        yield "discriminator", terms

        output = self.D(self.G(batch.normal(settings.latent, key=1), c))
        yield (
            "generator",
            {
                "gan": generator_loss([output[:, :1]], settings.gan_loss),
                "classification": cross_entropy(output[:, 1:], c),
            },
        )

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor:
        c = self._classes(condition)
        return self.G(torch.randn(count, self.settings.latent).to(c.device), c)

    def _classes(self, condition: Tensor | None) -> Tensor:
        return class_numbers(condition, self.settings.classes, "classes")
