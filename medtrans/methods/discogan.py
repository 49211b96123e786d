"""DiscoGAN: unpaired translation with two generators and a reconstruction loss.

    G_AB: A → B,  G_BA: B → A
    generators:      generator_loss(D_B(G_AB(x_A))) + generator_loss(D_A(G_BA(x_B)))
                     + reconstruction (d(G_BA(G_AB(x_A)), x_A) + d(G_AB(G_BA(x_B)), x_B))
    discriminators:  discriminator_loss(D_B(x_B), D_B(G_AB(x_A))) + discriminator_loss(D_A(x_A), D_A(G_BA(x_B)))

x_A is a source, x_B an unpaired target. Differences from CycleGAN: d is the squared error, not L1; the adversarial loss
is cross-entropy, not least squares; no identity loss and no image pool. Kim et al., ICML 2017,
https://arxiv.org/abs/1703.05192, section 2 and figure 2(c). The published networks (convolutions of 64 x 64 images to
a code) are not here. The published weight of the reconstruction is 1; our default, 10, is that of the authors' program,
which also has feature matching with weight 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import huber_loss, l1_loss, mse_loss

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term, adversarial_term
from medtrans.losses.adversarial import GANLoss, discriminator_loss, generator_loss
from medtrans.losses.feature_matching import mean_feature_matching
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.resnet import ResNetSettings

DISTANCES: dict[str, Callable[..., Tensor]] = {"squared": mse_loss, "absolute": l1_loss, "huber": huber_loss}


@dataclass(frozen=True, kw_only=True)
class DiscoGANSettings(Settings):
    generator: Generator = ResNetSettings()
    """The network of both generators, G_AB and G_BA."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network of both discriminators, D_A and D_B."""
    gan_loss: GANLoss = "non_saturating"
    """Adversarial loss; non_saturating is the paper's."""
    distance: Literal["squared", "absolute", "huber"] = "squared"
    """Distance d between an image and its reconstruction; squared is the paper's."""
    reconstruction: Annotated[float, Ge(0)] = 10.0
    """Weight of the reconstruction loss: 1 in the paper, 10 in the authors' program."""
    feature_matching: Annotated[float, Ge(0)] = 0.0
    """Weight of feature matching of batch means in the hidden layers of D_A and D_B; 9 in the authors' program."""


class DiscoGAN(Method):
    """Two players: both generators, then both discriminators."""

    Settings = DiscoGANSettings
    paper: ClassVar[str] = "Kim et al., ICML 2017, https://arxiv.org/abs/1703.05192"
    PUBLISHED = DiscoGANSettings(reconstruction=1.0)
    optimizer = OptimizerSettings(learning_rate=2e-4, betas=(0.5, 0.999), weight_decay=1e-5)
    """The authors' program (SKTBrain/DiscoGAN, image_translation.py)."""
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

    @classmethod
    def terms(cls, settings: DiscoGANSettings) -> dict[str, Term]:
        gan = adversarial_term(settings.gan_loss)
        text = f"mean {settings.distance} error of the reconstructions (source and target)"
        said = "distance", "reconstruction"
        terms = {"gan_A": gan, "gan_B": gan, "reconstruction": Term(text, settings.reconstruction, settings=said)}
        if settings.feature_matching:
            text = "squared differences of mean features in the hidden layers of the discriminators"
            terms["feature_matching"] = Term(text, settings.feature_matching, settings=("feature_matching",))
        return {f"generators/{name}": term for name, term in terms.items()} | {
            "discriminators/D_A": gan,
            "discriminators/D_B": gan,
        }

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x_A, x_B = batch.source, batch.target
        gan_loss, d = self.settings.gan_loss, DISTANCES[self.settings.distance]
        fake_A, fake_B = self.G_BA(x_B), self.G_AB(x_A)
        logits_A, features_A = self.D_A(fake_A, features=True)
        logits_B, features_B = self.D_B(fake_B, features=True)
        terms = {
            "gan_A": generator_loss(logits_A, gan_loss),
            "gan_B": generator_loss(logits_B, gan_loss),
            "reconstruction": self.settings.reconstruction * (d(self.G_BA(fake_B), x_A) + d(self.G_AB(fake_A), x_B)),
        }
        if self.settings.feature_matching:
            real_A, real_B = self.D_A(x_A, features=True)[1], self.D_B(x_B, features=True)[1]
            matching = mean_feature_matching(features_A, real_A) + mean_feature_matching(features_B, real_B)
            terms["feature_matching"] = self.settings.feature_matching * matching
        yield "generators", terms

        yield (
            "discriminators",
            {
                "D_A": discriminator_loss(self.D_A(x_A), self.D_A(fake_A.detach()), gan_loss),
                "D_B": discriminator_loss(self.D_B(x_B), self.D_B(fake_B.detach()), gan_loss),
            },
        )

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G_AB(source)
