"""CycleGAN: two translators that undo each other, learned without pairs.

    G: X → Y,  F: Y → X
    generators:      fools(D_Y(G(x))) + fools(D_X(F(y)))
                     + cycle (|F(G(x)) - x| + |G(F(y)) - y|)
                     + identity (|G(y) - y| + |F(x) - x|)
                     + structure_weight (S(x, G(x)) + S(y, F(y)))
    discriminators:  D_Y tells y from G(x),  D_X tells x from F(y)

x is a source, y a target of somebody else. Zhu et al., ICCV 2017, https://arxiv.org/abs/1703.10593. The generators'
last term, where S is how far two images are from one structure, is by Yang et al., DLMIA 2018,
https://arxiv.org/abs/1809.04536, who take cycle 10, structure_weight 5, no identity, and a MIND of 9-wide surroundings
and 7-wide Gaussian patches; ours (losses/structure) looks at the nearest neighbours by 3-wide patches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.settings import Settings
from medtrans.losses.adversarial import Criterion, fools, tells_apart
from medtrans.losses.structure import structure_lost
from medtrans.methods._image_pool import ImagePool
from medtrans.networks._settings import Discriminator, Generator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.resnet import ResNetSettings


@dataclass(frozen=True, kw_only=True)
class CycleGANSettings(Settings):
    generator: Generator = ResNetSettings()
    """The network of both translators, G and F."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network of both judges, D_X and D_Y."""
    criterion: Criterion = "least_squares"
    """How the judges are scored; least squares is the paper's."""
    cycle: Annotated[float, Ge(0)] = 10.0
    """Weight of coming back to where one started."""
    identity: Annotated[float, Ge(0)] = 5.0
    """Weight of leaving alone what already is a target; needs as many source as target channels."""
    structure: Literal["none", "mind", "nmi"] = "none"
    """What of an image its translation must keep besides: mind is how each voxel differs from its neighbours, nmi how
    much one image tells of the other's values."""
    structure_weight: Annotated[float, Ge(0)] = 5.0
    """Weight of keeping structure; needs as many source as target channels.
    Yang's is 5, for mind; for nmi it is our choice."""
    pool: Annotated[int, Ge(0)] = 50
    """Past fakes kept for each discriminator; 0 shows it only the latest."""


class CycleGAN(Method):
    """Two players: both generators, then both discriminators."""

    Settings = CycleGANSettings
    pairing: ClassVar[Pairing] = "unpaired"

    def __init__(self, task: Task, settings: CycleGANSettings) -> None:
        super().__init__(task, settings)
        if task.source_channels != task.target_channels and (settings.identity or settings.structure != "none"):
            raise UsageError(
                "method",
                f"{task.source_channels} source and {task.target_channels} target channels cannot be one image",
                "set method.identity: 0 and method.structure: none, or preparing.stack: 1",
            )
        self.settings = settings
        dims, source, target = task.spatial_dims, task.source_channels, task.target_channels
        self.G = settings.generator.build(dims, source, target)
        self.F = settings.generator.build(dims, target, source)
        self.D_Y = settings.discriminator.build(dims, target, 1)
        self.D_X = settings.discriminator.build(dims, source, 1)
        self.past_y, self.past_x = ImagePool(settings.pool), ImagePool(settings.pool)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generators": [self.G, self.F], "discriminators": [self.D_Y, self.D_X]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y = batch.source, batch.target
        criterion, structure = self.settings.criterion, self.settings.structure
        fake_y, fake_x = self.G(x), self.F(y)
        terms = {
            "fool_D_Y": fools(self.D_Y(fake_y), criterion),
            "fool_D_X": fools(self.D_X(fake_x), criterion),
            "cycle": self.settings.cycle * (l1_loss(self.F(fake_y), x) + l1_loss(self.G(fake_x), y)),
        }
        if self.settings.identity:
            terms["identity"] = self.settings.identity * (l1_loss(self.G(y), y) + l1_loss(self.F(x), x))
        if structure != "none":
            lost = structure_lost(x, fake_y, structure) + structure_lost(y, fake_x, structure)
            terms["structure"] = self.settings.structure_weight * lost
        yield "generators", terms

        fake_y, fake_x = self.past_y(fake_y.detach()), self.past_x(fake_x.detach())
        yield (
            "discriminators",
            {
                "D_Y": tells_apart(self.D_Y(y), self.D_Y(fake_y), criterion),
                "D_X": tells_apart(self.D_X(x), self.D_X(fake_x), criterion),
            },
        )

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G(source)
