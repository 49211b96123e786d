"""DualGAN: unpaired translation with two generators, Wasserstein critics and a reconstruction loss.

    G_A: U → V,  G_B: V → U
    critics:     D_A(G_A(u)) - D_A(v)  and  D_B(G_B(v)) - D_B(u),   their weights within ± clip
    generators:  recovery (|u - G_B(G_A(u))| + |v - G_A(G_B(v))|) - D_A(G_A(u)) - D_B(G_B(v))

u is a source, v an unpaired target; D_A scores images of V. Differences from CycleGAN: the critics estimate the
Wasserstein distance, have several turns before the generators' one, and their weights are clipped (here before each of
their turns, since only the loop steps); no identity loss and no image pool. The paper's noise is the generator's
dropout. Yi et al., ICCV 2017, https://arxiv.org/abs/1704.02510, equations 1 to 3, section 3.3 and algorithm 1. The
published generator is the U-Net of pix2pix for 256 pixels with batch norm; ours has channel norm and 6 levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.pix2pix_unet import Pix2PixUNetSettings


@dataclass(frozen=True, kw_only=True)
class DualGANSettings(Settings):
    generator: Generator = Pix2PixUNetSettings()
    """The network of both generators, G_A and G_B."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network of both critics, D_A and D_B."""
    recovery: Annotated[float, Ge(0)] = 100.0
    """Weight of the reconstruction loss; the paper takes 100 to 1000."""
    critic_turns: Annotated[int, Ge(1)] = 3
    """Turns of the critics before each of the generators; the paper takes 2 to 4."""
    clip: Annotated[float, Gt(0)] = 0.1
    """Largest absolute weight of a critic; the paper takes 0.01 to 0.1."""


class DualGAN(Method):
    """Two players: both critics several times, then both generators."""

    Settings = DualGANSettings
    paper: ClassVar[str] = "Yi et al., ICCV 2017, https://arxiv.org/abs/1704.02510"
    PUBLISHED = DualGANSettings(
        generator=Pix2PixUNetSettings(depth=8, norm="batch", upsampling="transposed", activation="tanh"),
        discriminator=PatchDiscriminatorSettings(norm="batch"),
    )
    optimizer = OptimizerSettings(name="rmsprop", learning_rate=5e-5, betas=(0.0, 0.9))
    """Section 3.3; rate and decay of the authors' program (duxingren14/DualGAN, main.py and model.py)."""
    pairing: ClassVar[Pairing] = "unpaired"

    def __init__(self, task: Task, settings: DualGANSettings) -> None:
        super().__init__(task, settings)
        dims, source, target = task.spatial_dims, task.source_channels, task.target_channels
        self.G_A = settings.generator.build(dims, source, target)
        self.G_B = settings.generator.build(dims, target, source)
        self.D_A = settings.discriminator.build(dims, target, 1)
        self.D_B = settings.discriminator.build(dims, source, 1)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"critics": [self.D_A, self.D_B], "generators": [self.G_A, self.G_B]}

    def turns(self) -> list[str]:
        return [*["critics"] * self.settings.critic_turns, "generators"]

    @classmethod
    def terms(cls, settings: DualGANSettings) -> dict[str, Term]:
        critic = Term(f"Wasserstein loss, weights clipped to ±{settings.clip:g}", settings=("clip", "critic_turns"))
        gan = Term(f"Wasserstein loss, one update for {settings.critic_turns} of the critics")
        recovery = Term("mean absolute error of the cycles", settings.recovery, settings=("recovery",))
        return {
            "critics/D_A": critic,
            "critics/D_B": critic,
            "generators/gan_A": gan,
            "generators/gan_B": gan,
            "generators/recovery": recovery,
        }

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        u, v = batch.source, batch.target
        for _ in range(self.settings.critic_turns):
            with torch.no_grad():
                for weight in [*self.D_A.parameters(), *self.D_B.parameters()]:
                    weight.clamp_(-self.settings.clip, self.settings.clip)
                fake_v, fake_u = self.G_A(u), self.G_B(v)
            yield (
                "critics",
                {
                    "D_A": _score(self.D_A(fake_v)) - _score(self.D_A(v)),
                    "D_B": _score(self.D_B(fake_u)) - _score(self.D_B(u)),
                },
            )

        fake_v, fake_u = self.G_A(u), self.G_B(v)
        yield (
            "generators",
            {
                "gan_A": -_score(self.D_A(fake_v)),
                "gan_B": -_score(self.D_B(fake_u)),
                "recovery": self.settings.recovery * (l1_loss(self.G_B(fake_v), u) + l1_loss(self.G_A(fake_u), v)),
            },
        )

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G_A(source)


def _score(scores: list[Tensor]) -> Tensor:
    """Averaged over patches, then scales."""
    return torch.stack([part.mean() for part in scores]).mean()
