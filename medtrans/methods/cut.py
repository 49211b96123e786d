"""CUT: one translator; each patch of a translation must find its source's patch again among all others.

    G, H:  fools(D(G(x))) + λ NCE(x, G(x)) + λ NCE(y, G(y))        D:  tells y from G(x)

    NCE(x, z) = mean over layers l and places s of  -log  exp(q_s · k_s / τ) / Σ_s' exp(q_s · k_s' / τ)
                q = H_l(E_l(z)),  k = H_l(E_l(x)),  both of length 1

x is a source, y a target of somebody else, E_l the layer l of G on its way down, H a small perceptron. The last term
keeps targets as they are; FastCUT goes without it, takes 10 λ, and mirrors half of the x before G and E(G(x)) after.
λ = 1 weighs both terms as the paper does, 1 + 1; the authors' code halves their sum, which is λ = 0.5 here.
Park et al., ECCV 2020, https://arxiv.org/abs/2007.15651
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Gt
from torch import Tensor, nn

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.settings import Settings
from medtrans.losses.adversarial import Criterion, fools, tells_apart
from medtrans.losses.contrastive import patch_nce
from medtrans.networks._patch_projection import PatchProjection
from medtrans.networks._settings import Discriminator, EncodingGenerator
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.resnet import ResNetSettings


@dataclass(frozen=True, kw_only=True)
class CUTSettings(Settings):
    generator: EncodingGenerator = ResNetSettings()
    """The network G, whose first half is E."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The judge D of targets."""
    criterion: Criterion = "least_squares"
    """How the judge is scored; least squares is the paper's."""
    fast: bool = False
    """FastCUT: without holding targets to themselves, ten times the contrast, mirrored at random."""
    contrast: Annotated[float, Ge(0)] = 1.0
    """The paper's λ, the weight of finding patches again; the higher, the more what is bright stays bright."""
    patches: Annotated[int, Ge(2)] = 256
    """Places that are compared, in each layer of each image."""
    features: Annotated[int, Ge(1)] = 256
    """Numbers by which a patch is compared."""
    temperature: Annotated[float, Gt(0)] = 0.07
    """The paper's τ: lower is stricter with patches that are almost the right one."""


class CUT(Method):
    """Two players: the generator with its perceptron, then the discriminator."""

    Settings = CUTSettings
    pairing: ClassVar[Pairing] = "unpaired"

    def __init__(self, task: Task, settings: CUTSettings) -> None:
        super().__init__(task, settings)
        if task.source_channels != task.target_channels:
            raise UsageError(
                "method.name",
                f"cut sees source and target through one network: {task.source_channels} and {task.target_channels} "
                "channels do not fit",
                "set preparing.stack: 1, or take cyclegan",
            )
        dims, channels = task.spatial_dims, task.target_channels
        self.G = settings.generator.build(dims, channels, channels)
        self.H = PatchProjection(settings.generator.encoded(channels), settings.features)
        self.D = settings.discriminator.build(dims, channels, 1)
        self.divisor = settings.generator.divisor

    def players(self) -> dict[str, list[nn.Module]]:
        return {"generator": [self.G, self.H], "discriminator": [self.D]}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, y = batch.source, batch.target
        settings, criterion = self.settings, self.settings.criterion
        if settings.fast:
            turned = batch.uniform() < 0.5
            fake = self.G(_mirrored(x, turned))
            terms = {"contrast": 10 * settings.contrast * self._contrast(batch, x, fake, turned)}
        else:
            fake = self.G(x)
            terms = {
                "contrast": settings.contrast * self._contrast(batch, x, fake),
                "identity": settings.contrast * self._contrast(batch, y, self.G(y)),
            }
        yield "generator", {"fool": fools(self.D(fake), criterion), **terms}
        yield "discriminator", {"tell": tells_apart(self.D(y), self.D(fake.detach()), criterion)}

    def _contrast(self, batch: Batch, image: Tensor, made: Tensor, turned: Tensor | None = None) -> Tensor:
        """How badly patches of what was made of an image find their own; `turned` says which were made mirrored."""
        with torch.no_grad():
            seen = self.G(image, encode=True)
            places = [self._places(batch, layer[0, 0].numel(), key) for key, layer in enumerate(seen, 1)]
            keys = self.H(seen, places)
        again = self.G(made, encode=True)
        if turned is not None:
            again = [_mirrored(layer, turned) for layer in again]
        pairs = zip(self.H(again, places), keys, strict=True)
        return torch.stack([patch_nce(q, k, self.settings.temperature) for q, k in pairs]).mean()

    def _places(self, batch: Batch, voxels: int, key: int) -> Tensor:
        """Numbers of voxels (batch, patches), none twice; the same ones for all images of a step."""
        return batch.uniform(voxels, key=key).topk(min(self.settings.patches, voxels)).indices

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.G(source)


def _mirrored(images: Tensor, which: Tensor) -> Tensor:
    """Left and right exchanged in those where `which` (batch,) is true."""
    return torch.where(which.view(-1, *[1] * (images.ndim - 1)), images.flip(2), images)
