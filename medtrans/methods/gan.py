"""GAN: a generator makes images out of noise until a discriminator cannot tell them from real ones.

    discriminator:  tells y from G(z)        generator:  fools(D(G(z))),     z ~ N(0, I)

y is a real image; `criterion` says what the two words mean (equations in losses/adversarial and losses/wasserstein).
Goodfellow et al., NeurIPS 2014, https://arxiv.org/abs/1406.2661; least squares: Mao et al., ICCV 2017,
https://arxiv.org/abs/1611.04076; wasserstein: Arjovsky et al., ICML 2017, https://arxiv.org/abs/1701.07875, with the
gradient penalty of Gulrajani et al., NeurIPS 2017, https://arxiv.org/abs/1704.00028
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.settings import Settings
from medtrans.losses import adversarial, wasserstein
from medtrans.networks.decoder import DecoderSettings
from medtrans.networks.encoder import EncoderSettings

MIXING = 32
"""Keys of random numbers from here on mix images; those below are noise."""


@dataclass(frozen=True, kw_only=True)
class GANSettings(Settings):
    generator: DecoderSettings = DecoderSettings()
    """The network G from noise to image."""
    discriminator: EncoderSettings = EncoderSettings()
    """The network D from image to one number."""
    latent: Annotated[int, Ge(1)] = 100
    """Numbers of noise that an image is made of."""
    criterion: adversarial.Criterion | Literal["wasserstein"] = "bce"
    """How the discriminator is scored: minimax is the game of the first paper, bce what it was trained by."""
    critic_turns: Annotated[int, Ge(1), Le(MIXING - 1)] = 5
    """Turns of the discriminator before each of the generator, with wasserstein; else it has one."""
    penalty: Annotated[float, Ge(0)] = 10.0
    """Weight of the critic's slope, with wasserstein."""


class GAN(Method):
    """Two players. The turns of one step see the same real images, each with noise of its own."""

    Settings = GANSettings
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: GANSettings) -> None:
        super().__init__(task, settings)
        self.wasserstein = settings.criterion == "wasserstein"
        if self.wasserstein:
            settings.discriminator.assert_one_by_one()
        self.G = settings.generator.build(task.spatial_dims, settings.latent, task.target_channels, task.size)
        self.D = settings.discriminator.build(task.spatial_dims, task.target_channels, 1, task.size)
        self.divisor = task.size

    def players(self) -> dict[str, list[nn.Module]]:
        return {"discriminator": [self.D], "generator": [self.G]}

    def turns(self) -> list[str]:
        return ["discriminator"] * (self.settings.critic_turns if self.wasserstein else 1) + ["generator"]

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        for turn, player in enumerate(self.turns()):
            fake = self.G(batch.normal(self.settings.latent, key=turn))
            yield player, self._fools(fake) if player == "generator" else self._tells(batch, fake.detach(), turn)

    def _fools(self, fake: Tensor) -> Losses:
        if self.wasserstein:
            return {"fool": wasserstein.fools(self.D(fake))}
        return {"fool": adversarial.fools([self.D(fake)], self.settings.criterion)}

    def _tells(self, batch: Batch, fake: Tensor, turn: int) -> Losses:
        y = batch.target
        if not self.wasserstein:
            return {"tell": adversarial.tells_apart([self.D(y)], [self.D(fake)], self.settings.criterion)}
        between = wasserstein.between(y, fake, batch.uniform(key=MIXING + turn))
        judged = self.D(fake)
        slope = self.D(between, of=torch.ones_like(judged))
        return {
            "tell": wasserstein.tells_apart(self.D(y), judged),
            "slope": self.settings.penalty * wasserstein.slope_penalty(slope),
        }

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor:
        device = next(self.parameters()).device
        return self.G(torch.randn(count, self.settings.latent).to(device))
