"""Pix2pix: paired translation with a conditional GAN and an L1 loss.

    generator:      generator_loss(D(x, G(x))) + l1 | G(x) - y | + feature_matching Σ_i | D_i(x, G(x)) - D_i(x, y) |
    discriminator:  discriminator_loss(D(x, y), D(x, G(x)))

x is the source, y the target, D_i the hidden layer i of D. Isola et al., CVPR 2017, https://arxiv.org/abs/1611.07004,
equations 1 to 4 and sections 3.2 and 3.3; feature matching and several discriminators, the network
`multiscale_discriminator`: Wang et al. (pix2pixHD), CVPR 2018, https://arxiv.org/abs/1711.11585. The published U-Net
has 8 levels for 256 pixels, batch norm, transposed convolutions and tanh; ours has 6 levels, resize convolutions (no
checkerboards) and channel norm (no intensity seams between windows).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn

from medtrans.core.method import Batch, Losses, Method, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term, adversarial_term
from medtrans.losses._masked_mean import l1
from medtrans.losses.adversarial import GANLoss, discriminator_loss, generator_loss
from medtrans.losses.feature_matching import feature_matching
from medtrans.networks._conditioning import with_condition
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.pix2pix_unet import Pix2PixUNetSettings


@dataclass(frozen=True, kw_only=True)
class Pix2PixSettings(Settings):
    generator: Generator = Pix2PixUNetSettings()
    """The network G from source to target."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network D of (source, image) pairs, a patch discriminator."""
    gan_loss: GANLoss = "non_saturating"
    """Adversarial loss: non_saturating is the paper's, least_squares is more stable."""
    l1: Annotated[float, Ge(0)] = 100.0
    """Weight of the mean absolute error inside the body mask."""
    feature_matching: Annotated[float, Ge(0)] = 0.0
    """Weight of feature matching in the hidden layers of the discriminator; pix2pixHD takes 10, and no l1."""


class Pix2Pix(Method):
    """Two players: the generator, then the discriminator. Conditions of a case are further channels of its source."""

    Settings = Pix2PixSettings
    paper: ClassVar[str] = "Isola et al., CVPR 2017, https://arxiv.org/abs/1611.07004"
    PUBLISHED = Pix2PixSettings(
        generator=Pix2PixUNetSettings(depth=8, norm="batch", upsampling="transposed", activation="tanh"),
        discriminator=PatchDiscriminatorSettings(norm="batch"),
    )
    optimizer = OptimizerSettings(learning_rate=2e-4, betas=(0.5, 0.999))
    """Section 3.3."""
    uses_conditions = True
    weighs_voxels = True

    def __init__(self, task: Task, settings: Pix2PixSettings) -> None:
        super().__init__(task, settings)
        channels = task.source_channels + task.conditions
        self.G = settings.generator.build(task.spatial_dims, channels, task.target_channels)
        self.D = settings.discriminator.build(task.spatial_dims, channels + task.target_channels, 1)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G], "discriminator": [self.D]}

    @classmethod
    def terms(cls, settings: Pix2PixSettings) -> dict[str, Term]:
        gan, matching = (
            adversarial_term(settings.gan_loss),
            "differences of features in the hidden layers of the discriminator",
        )
        terms = {"gan": gan, "l1": Term("mean absolute error", settings.l1, masked=True, settings=("l1",))}
        if settings.feature_matching:
            terms["feature_matching"] = Term(matching, settings.feature_matching, settings=("feature_matching",))
        return {f"generator/{name}": term for name, term in terms.items()} | {"discriminator/gan": gan}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y = with_condition(batch.source, batch.condition), batch.target
        gan_loss = self.settings.gan_loss
        fake = self.G(x)
        logits, features = self._discriminate(x, fake, features=True)
        terms = {"gan": generator_loss(logits, gan_loss), "l1": self.settings.l1 * l1(fake, y, batch.mask)}
        if self.settings.feature_matching:
            _, target_features = self._discriminate(x, y, features=True)
            terms["feature_matching"] = self.settings.feature_matching * feature_matching(features, target_features)
        yield "generator", terms

        # Detached: no gradient of the discriminator's loss may reach the generator.
        real_logits, fake_logits = self._discriminate(x, y), self._discriminate(x, fake.detach())
        yield "discriminator", {"gan": discriminator_loss(real_logits, fake_logits, gan_loss)}

    def _discriminate(self, source: Tensor, image: Tensor, features: bool = False) -> Any:
        return self.D(torch.cat([source, image], dim=1), features=features)

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G(with_condition(source, condition))
