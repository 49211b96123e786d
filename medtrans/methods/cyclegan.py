"""CycleGAN: unpaired translation with two generators that are inverse to each other.

    G: X → Y,  F: Y → X
    generators:      generator_loss(D_Y(G(x))) + generator_loss(D_X(F(y)))
                     + cycle (|F(G(x)) - x| + |G(F(y)) - y|)
                     + identity (|G(y) - y| + |F(x) - x|)
                     + structure_weight (S(x, G(x)) + S(y, F(y)))
    discriminators:  discriminator_loss(D_Y(y), D_Y(G(x))) + discriminator_loss(D_X(x), D_X(F(y)))

x is a source, y an unpaired target. Zhu et al., ICCV 2017, https://arxiv.org/abs/1703.10593, equations 1 to 3, section
4 (least squares, pool) and 5.2 (the identity term, for one task; by default it is on here, since it keeps intensities).
Published networks have instance norm, transposed convolutions and tanh; our channel norm avoids intensity seams between
windows. The last term, with a structural distance S, is by Yang et al., DLMIA 2018, https://arxiv.org/abs/1809.04536,
who take cycle 10, structure_weight 5, no identity, and MIND with a 9-wide search region and 7-wide Gaussian patches;
ours (losses/mind) compares the nearest neighbours by 3-wide patches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term, adversarial_term, structure_term
from medtrans.losses.adversarial import GANLoss, discriminator_loss, generator_loss
from medtrans.losses.structure import STRUCTURE_LOSSES, Structure
from medtrans.methods._image_pool import ImagePool
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.resnet import ResNetSettings


@dataclass(frozen=True, kw_only=True)
class CycleGANSettings(Settings):
    generator: Generator = ResNetSettings()
    """The network of both generators, G and F."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network of both discriminators, D_X and D_Y."""
    gan_loss: GANLoss = "least_squares"
    """Adversarial loss; least_squares is the paper's."""
    cycle: Annotated[float, Ge(0)] = 10.0
    """Weight of the cycle consistency loss."""
    identity: Annotated[float, Ge(0)] = 5.0
    """Weight of the identity loss; needs as many source as target channels. 0 in most of the paper."""
    structure: Structure = "none"
    """Structural distance S between an image and its translation: mind compares the differences of each voxel from its
    neighbours, nmi is normalised mutual information."""
    structure_weight: Annotated[float, Ge(0)] = 5.0
    """Weight of the structural distance; needs as many source as target channels. 5 is Yang's, for mind."""
    pool: Annotated[int, Ge(0)] = 50
    """Earlier generated images kept for each discriminator; 0 keeps none."""


class CycleGAN(Method):
    """Two players: both generators, then both discriminators."""

    Settings = CycleGANSettings
    paper: ClassVar[str] = "Zhu et al., ICCV 2017, https://arxiv.org/abs/1703.10593"
    PUBLISHED = CycleGANSettings(
        generator=ResNetSettings(norm="instance", upsampling="transposed", activation="tanh"),
        discriminator=PatchDiscriminatorSettings(norm="instance"),
        identity=0.0,
    )
    optimizer = OptimizerSettings(learning_rate=2e-4, betas=(0.5, 0.999))
    """Section 4: Adam at 2e-4; betas of the authors' program (junyanz/pytorch-CycleGAN-and-pix2pix)."""
    pairing: ClassVar[Pairing] = "unpaired"

    def __init__(self, task: Task, settings: CycleGANSettings) -> None:
        super().__init__(task, settings)
        if task.source_channels != task.target_channels and (settings.identity or settings.structure != "none"):
            raise UsageError(
                "method",
                f"{task.source_channels} source and {task.target_channels} target channels cannot be one image",
                "set method.identity: 0 and method.structure: none, or preparing.slices: 1",
            )
        dims, source, target = task.spatial_dims, task.source_channels, task.target_channels
        self.G = settings.generator.build(dims, source, target)
        self.F = settings.generator.build(dims, target, source)
        self.D_Y = settings.discriminator.build(dims, target, 1)
        self.D_X = settings.discriminator.build(dims, source, 1)
        self.past_y, self.past_x = ImagePool(settings.pool), ImagePool(settings.pool)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generators": [self.G, self.F], "discriminators": [self.D_Y, self.D_X]}

    @classmethod
    def terms(cls, settings: CycleGANSettings) -> dict[str, Term]:
        gan = adversarial_term(settings.gan_loss)
        cycle = Term("mean absolute error of the cycles (source and target)", settings.cycle, settings=("cycle",))
        terms = {"gan_Y": gan, "gan_X": gan, "cycle": cycle}
        if settings.identity:
            text = "mean absolute error of each generator on images of its own output (identity loss)"
            terms["identity"] = Term(text, settings.identity, settings=("identity",))
        if settings.structure != "none":
            terms["structure"] = structure_term(settings.structure, settings.structure_weight)
        return {f"generators/{name}": term for name, term in terms.items()} | {
            "discriminators/D_Y": gan,
            "discriminators/D_X": gan,
        }

    @classmethod
    def unused(cls, settings: CycleGANSettings) -> tuple[str, ...]:
        return ("structure_weight",) if settings.structure == "none" else ()

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y = batch.source, batch.target
        gan_loss, structure = self.settings.gan_loss, self.settings.structure
        fake_y, fake_x = self.G(x), self.F(y)
        terms = {
            "gan_Y": generator_loss(self.D_Y(fake_y), gan_loss),
            "gan_X": generator_loss(self.D_X(fake_x), gan_loss),
            "cycle": self.settings.cycle * (l1_loss(self.F(fake_y), x) + l1_loss(self.G(fake_x), y)),
        }
        if self.settings.identity:
            terms["identity"] = self.settings.identity * (l1_loss(self.G(y), y) + l1_loss(self.F(x), x))
        if structure != "none":
            distance = STRUCTURE_LOSSES[structure]
            terms["structure"] = self.settings.structure_weight * (distance(x, fake_y) + distance(y, fake_x))
        yield "generators", terms

        fake_y, fake_x = self.past_y(fake_y.detach()), self.past_x(fake_x.detach())
        yield (
            "discriminators",
            {
                "D_Y": discriminator_loss(self.D_Y(y), self.D_Y(fake_y), gan_loss),
                "D_X": discriminator_loss(self.D_X(x), self.D_X(fake_x), gan_loss),
            },
        )

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G(source)
