"""CUT: unpaired translation with one generator and a contrastive loss between patches of source and translation.

    generator:      generator_loss(D(G(x))) + λ NCE(x, G(x)) + λ NCE(y, G(y)) + structure_weight S(x, G(x))
    discriminator:  discriminator_loss(D(y), D(G(x)))

    NCE(x, z) = mean over layers l and positions s of  -log  exp(q_s · k_s / τ) / Σ_s' exp(q_s · k_s' / τ)
                q = H_l(E_l(z)),  k = H_l(E_l(x)),  both of length 1

x is a source, y an unpaired target, E_l the layer l of the encoder of G, H a small perceptron. The last term is an
identity loss; FastCUT omits it, takes 10 λ, and mirrors half of the x before G and E(G(x)) after it.
Park et al., ECCV 2020, https://arxiv.org/abs/2007.15651, section 3 (equations 1 to 5). λ = 1 weighs both terms as the
paper does, 1 + 1; the authors' code halves their sum, which is λ = 0.5 here. Published networks have instance norm and
tanh; our channel norm avoids intensity seams between windows. The structural distance S is not the paper's, and off by
default; it is that of our CycleGAN (methods/cyclegan).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term, adversarial_term, structure_term
from medtrans.losses.adversarial import GANLoss, discriminator_loss, generator_loss
from medtrans.losses.contrastive import patch_nce
from medtrans.losses.structure import STRUCTURE_LOSSES, Structure
from medtrans.networks._patch_projection import PatchProjection
from medtrans.networks._settings import Discriminator, EncodingGenerator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.resnet import ResNetSettings


@dataclass(frozen=True, kw_only=True)
class CUTSettings(Settings):
    generator: EncodingGenerator = ResNetSettings()
    """The network G, whose encoder is E."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network D."""
    gan_loss: GANLoss = "least_squares"
    """Adversarial loss; least_squares is the paper's."""
    fast: bool = False
    """FastCUT: no identity term, ten times the weight of the contrastive loss, random mirroring."""
    nce: Annotated[float, Ge(0)] = 1.0
    """Weight λ of the contrastive loss; the higher, the more the intensities of the source are kept."""
    patches: Annotated[int, Ge(2)] = 256
    """Positions that are compared, in each layer of each image."""
    features: Annotated[int, Ge(1)] = 256
    """Features of a patch, the output of H."""
    temperature: Annotated[float, Gt(0)] = 0.07
    """Temperature τ: the lower, the more the loss depends on the most similar wrong patches."""
    structure: Structure = "none"
    """Structural distance S between a source and its translation: mind compares the differences of each voxel from its
    neighbours, nmi is normalised mutual information."""
    structure_weight: Annotated[float, Ge(0)] = 5.0
    """Weight of the structural distance."""


class CUT(Method):
    """Two players: the generator with its perceptron, then the discriminator."""

    Settings = CUTSettings
    paper: ClassVar[str] = "Park et al., ECCV 2020, https://arxiv.org/abs/2007.15651"
    PUBLISHED = CUTSettings(
        generator=ResNetSettings(norm="instance", activation="tanh"),
        discriminator=PatchDiscriminatorSettings(norm="instance"),
    )
    optimizer = OptimizerSettings(learning_rate=2e-4, betas=(0.5, 0.999))
    """Defaults of the authors' program (taesungp/contrastive-unpaired-translation)."""
    pairing: ClassVar[Pairing] = "unpaired"

    def __init__(self, task: Task, settings: CUTSettings) -> None:
        super().__init__(task, settings)
        if task.source_channels != task.target_channels:
            raise UsageError(
                "method.name",
                f"cut encodes source and target with one network, so {task.source_channels} source and "
                f"{task.target_channels} target channels do not fit",
                "set preparing.slices: 1, or choose cyclegan",
            )
        dims, channels = task.spatial_dims, task.target_channels
        self.G = settings.generator.build(dims, channels, channels)
        self.H = PatchProjection(settings.generator.encoded(channels), settings.features)
        self.D = settings.discriminator.build(dims, channels, 1)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G, self.H], "discriminator": [self.D]}

    @classmethod
    def terms(cls, settings: CUTSettings) -> dict[str, Term]:
        places = f"{settings.patches} places in each of several layers, temperature {settings.temperature:g}"
        text, said = f"contrastive loss (PatchNCE; {places})", ("nce", "patches", "temperature", "fast")
        nce = Term(f"{text} between source and translation", settings.nce, settings=said)
        identity = Term("contrastive loss between a target and its own translation", settings.nce)
        terms = {"nce": nce, "identity": identity}
        if settings.fast:
            mirrored = f"{nce.text}, half of the sources mirrored (FastCUT)"
            terms = {"nce": replace(nce, text=mirrored, weight=10 * settings.nce)}
        if settings.structure != "none":
            terms["structure"] = structure_term(settings.structure, settings.structure_weight)
        gan = adversarial_term(settings.gan_loss)
        return {f"generator/{name}": term for name, term in {"gan": gan, **terms}.items()} | {"discriminator/gan": gan}

    @classmethod
    def unused(cls, settings: CUTSettings) -> tuple[str, ...]:
        return ("structure_weight",) if settings.structure == "none" else ()

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y = batch.source, batch.target
        settings, gan_loss, given = self.settings, self.settings.gan_loss, x
        if settings.fast:
            mirrored = batch.uniform() < 0.5
            given = _mirror(x, mirrored)
            fake = self.G(given)
            terms = {"nce": 10 * settings.nce * self._nce(batch, x, fake, mirrored)}
        else:
            fake = self.G(x)
            terms = {
                "nce": settings.nce * self._nce(batch, x, fake),
                "identity": settings.nce * self._nce(batch, y, self.G(y)),
            }
        if settings.structure != "none":
            distance = STRUCTURE_LOSSES[settings.structure](given, fake)
            terms["structure"] = settings.structure_weight * distance
        yield "generator", {"gan": generator_loss(self.D(fake), gan_loss), **terms}
        yield "discriminator", {"gan": discriminator_loss(self.D(y), self.D(fake.detach()), gan_loss)}

    def _nce(self, batch: Batch, image: Tensor, fake: Tensor, mirrored: Tensor | None = None) -> Tensor:
        """Contrastive loss between an image and its translation; `mirrored` (batch,): which items were mirrored."""
        with torch.no_grad():
            features = self.G(image, encode=True)
            positions = [self._positions(batch, layer[0, 0].numel(), key) for key, layer in enumerate(features, 1)]
            keys = self.H(features, positions)
        fake_features = self.G(fake, encode=True)
        if mirrored is not None:
            fake_features = [_mirror(layer, mirrored) for layer in fake_features]
        pairs = zip(self.H(fake_features, positions), keys, strict=True)
        return torch.stack([patch_nce(q, k, self.settings.temperature) for q, k in pairs]).mean()

    def _positions(self, batch: Batch, voxels: int, key: int) -> Tensor:
        """Indices of voxels (batch, patches), without repetition; the same for all images of a step."""
        return batch.uniform(voxels, key=key).topk(min(self.settings.patches, voxels)).indices

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G(source)


def _mirror(images: Tensor, which: Tensor) -> Tensor:
    """The images, flipped along the first axis of space where `which` (batch,) is true."""
    return torch.where(which.view(-1, *[1] * (images.ndim - 1)), images.flip(2), images)
