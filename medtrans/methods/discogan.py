"""DiscoGAN: two translators that discover which image goes with which, by undoing each other.

    G_AB: A → B,  G_BA: B → A
    generators:      fools(D_B(G_AB(x_A))) + fools(D_A(G_BA(x_B)))
                     + reconstruction (d(G_BA(G_AB(x_A)), x_A) + d(G_AB(G_BA(x_B)), x_B))
    discriminators:  D_B tells x_B from G_AB(x_A),  D_A tells x_A from G_BA(x_B)

x_A is a source, x_B a target of somebody else. Beside CycleGAN: d is the squared error, not L1; the judges are scored
by cross entropy, not least squares; nothing holds a target to itself, and there is no pool of past fakes. The authors'
program also matches features, as `feature_matching` does here. Kim et al., ICML 2017, https://arxiv.org/abs/1703.05192
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import huber_loss, l1_loss, mse_loss

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.settings import Settings
from medtrans.losses.adversarial import Criterion, fools, tells_apart
from medtrans.losses.feature_matching import mean_feature_matching
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.resnet import ResNetSettings

DISTANCES: dict[str, Callable[..., Tensor]] = {"squared": mse_loss, "absolute": l1_loss, "huber": huber_loss}


@dataclass(frozen=True, kw_only=True)
class DiscoGANSettings(Settings):
    generator: Generator = ResNetSettings()
    """The network of both translators, G_AB and G_BA."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network of both judges, D_A and D_B."""
    criterion: Criterion = "bce"
    """How the judges are scored; bce is the paper's."""
    distance: Literal["squared", "absolute", "huber"] = "squared"
    """The paper's d, between an image and what comes back of it."""
    reconstruction: Annotated[float, Ge(0)] = 10.0
    """Weight of coming back: 1 in the paper, 10 in the authors' program."""
    feature_matching: Annotated[float, Ge(0)] = 0.0
    """Weight of fakes being on average like real images to the judges' hidden layers: 9 in the authors' program."""


class DiscoGAN(Method):
    """Two players: both generators, then both discriminators."""

    Settings = DiscoGANSettings
    pairing: ClassVar[Pairing] = "unpaired"

    def __init__(self, task: Task, settings: DiscoGANSettings) -> None:
        super().__init__(task, settings)
        dims, source, target = task.spatial_dims, task.source_channels, task.target_channels
        self.G_AB = settings.generator.build(dims, source, target)
        self.G_BA = settings.generator.build(dims, target, source)
        self.D_A = settings.discriminator.build(dims, source, 1)
        self.D_B = settings.discriminator.build(dims, target, 1)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generators": [self.G_AB, self.G_BA], "discriminators": [self.D_A, self.D_B]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x_A, x_B = batch.source, batch.target
        criterion, d = self.settings.criterion, DISTANCES[self.settings.distance]
        fake_A, fake_B = self.G_BA(x_B), self.G_AB(x_A)
        judged_A, seen_A = self.D_A(fake_A, features=True)
        judged_B, seen_B = self.D_B(fake_B, features=True)
        terms = {
            "fool_D_A": fools(judged_A, criterion),
            "fool_D_B": fools(judged_B, criterion),
            "reconstruction": self.settings.reconstruction * (d(self.G_BA(fake_B), x_A) + d(self.G_AB(fake_A), x_B)),
        }
        if self.settings.feature_matching:
            real_A, real_B = self.D_A(x_A, features=True)[1], self.D_B(x_B, features=True)[1]
            matching = mean_feature_matching(seen_A, real_A) + mean_feature_matching(seen_B, real_B)
            terms["feature_matching"] = self.settings.feature_matching * matching
        yield "generators", terms

        yield (
            "discriminators",
            {
                "D_A": tells_apart(self.D_A(x_A), self.D_A(fake_A.detach()), criterion),
                "D_B": tells_apart(self.D_B(x_B), self.D_B(fake_B.detach()), criterion),
            },
        )

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G_AB(source)
