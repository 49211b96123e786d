"""GAN: generates images from noise.

    discriminator:  discriminator_loss(D(y), D(G(z)))        generator:  generator_loss(D(G(z))),     z ~ N(0, I)

y is a real image; `gan_loss` chooses the two losses (equations in losses/adversarial and losses/wasserstein).
Goodfellow et al., NeurIPS 2014, https://arxiv.org/abs/1406.2661, equation 1 and algorithm 1; networks: Radford et al.
(DCGAN), ICLR 2016, https://arxiv.org/abs/1511.06434, section 3, whose published settings have twice our channels, batch
norm and tanh; least squares: Mao et al., ICCV 2017, https://arxiv.org/abs/1611.04076; wasserstein: Arjovsky et al.,
ICML 2017, https://arxiv.org/abs/1701.07875, with the gradient penalty of Gulrajani et al., NeurIPS 2017,
https://arxiv.org/abs/1704.00028, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term, adversarial_term
from medtrans.losses import adversarial, wasserstein
from medtrans.networks.decoder import DecoderSettings
from medtrans.networks.encoder import EncoderSettings

INTERPOLATION_KEY = 32
"""Keys of random numbers from here on are for interpolated images; smaller ones are for noise."""


@dataclass(frozen=True, kw_only=True)
class GANSettings(Settings):
    generator: DecoderSettings = DecoderSettings()
    """The network G from noise to image."""
    discriminator: EncoderSettings = EncoderSettings()
    """The network D from image to one number."""
    latent: Annotated[int, Ge(1)] = 100
    """Length of the noise vector z."""
    gan_loss: adversarial.GANLoss | Literal["wasserstein"] = "non_saturating"
    """saturating is equation 1 of the first paper, non_saturating the loss with which it was trained."""
    critic_turns: Annotated[int, Ge(1), Le(INTERPOLATION_KEY - 1)] = 5
    """Turns of the discriminator before each of the generator, with wasserstein; else it has one."""
    gradient_penalty: Annotated[float, Ge(0)] = 10.0
    """Weight of the gradient penalty, with wasserstein."""


class GAN(Method):
    """Two players. All turns of a step have the same real images, each turn has its own noise."""

    Settings = GANSettings
    paper: ClassVar[str] = "Goodfellow et al., NeurIPS 2014, https://arxiv.org/abs/1406.2661"
    PUBLISHED = GANSettings(
        generator=DecoderSettings(channels=(64, 128, 256, 512), norm="batch", activation="tanh"),
        discriminator=EncoderSettings(channels=(64, 128, 256, 512), norm="batch"),
    )
    optimizer = OptimizerSettings(learning_rate=2e-4, betas=(0.5, 0.999))
    """DCGAN, section 4."""
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: GANSettings) -> None:
        super().__init__(task, settings)
        self.wasserstein = settings.gan_loss == "wasserstein"
        if self.wasserstein:
            settings.discriminator.refuse_batch_norm()
        self.G = settings.generator.build(task.spatial_dims, settings.latent, task.target_channels, task.size)
        self.D = settings.discriminator.build(task.spatial_dims, task.target_channels, 1, task.size)
        self.divisor = task.size

    @classmethod
    def optimizer_for(cls, settings: GANSettings) -> OptimizerSettings:
        """With wasserstein, that of Gulrajani et al., algorithm 1."""
        if settings.gan_loss == "wasserstein":
            return OptimizerSettings(learning_rate=1e-4, betas=(0.0, 0.9))
        return cls.optimizer

    def players(self) -> dict[str, list[nn.Module]]:
        return {"discriminator": [self.D], "generator": [self.G]}

    def turns(self) -> list[str]:
        return ["discriminator"] * (self.settings.critic_turns if self.wasserstein else 1) + ["generator"]

    @classmethod
    def terms(cls, settings: GANSettings) -> dict[str, Term]:
        if settings.gan_loss != "wasserstein":
            gan = adversarial_term(settings.gan_loss)
            return {"discriminator/gan": gan, "generator/gan": gan}
        penalty = Term("gradient penalty", settings.gradient_penalty, settings=("gradient_penalty",))
        said = "gan_loss", "critic_turns"
        return {
            "discriminator/gan": Term("Wasserstein loss", settings=said),
            "discriminator/gradient_penalty": penalty,
            "generator/gan": Term(f"Wasserstein loss, one update for {settings.critic_turns} of the discriminator"),
        }

    @classmethod
    def unused(cls, settings: GANSettings) -> tuple[str, ...]:
        return () if settings.gan_loss == "wasserstein" else ("critic_turns", "gradient_penalty")

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        for turn, player in enumerate(self.turns()):
            fake = self.G(batch.normal(self.settings.latent, key=turn))
            yield (
                player,
                self._generator(fake) if player == "generator" else self._discriminator(batch, fake.detach(), turn),
            )

    def _generator(self, fake: Tensor) -> Losses:
        if self.wasserstein:
            return {"gan": wasserstein.generator_loss(self.D(fake))}
        return {"gan": adversarial.generator_loss([self.D(fake)], self.settings.gan_loss)}

    def _discriminator(self, batch: Batch, fake: Tensor, turn: int) -> Losses:
        y = batch.target
        if not self.wasserstein:
            return {"gan": adversarial.discriminator_loss([self.D(y)], [self.D(fake)], self.settings.gan_loss)}
        interpolated = wasserstein.interpolate(y, fake, batch.uniform(key=INTERPOLATION_KEY + turn))
        scores = self.D(fake)
        norms = self.D(interpolated, gradient_of=torch.ones_like(scores))
        return {
            "gan": wasserstein.critic_loss(self.D(y), scores),
            "gradient_penalty": self.settings.gradient_penalty * wasserstein.gradient_penalty(norms),
        }

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor:
        device = next(self.parameters()).device
        return self.G(torch.randn(count, self.settings.latent).to(device))
