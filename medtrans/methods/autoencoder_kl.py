"""Autoencoder of latent diffusion: a code that is a small image, kept loosely normal.

    autoencoder:    min  E | D(z) - x | + kl KL(N(m, s²) ‖ N(0, I)) + adversarial fools(J(D(z))),    z = m + s ε
    discriminator:  J tells x from D(z)

x is the image, m and log s² are what E makes of it, ε is noise; all per voxel of the image. Rombach et al., CVPR 2022,
https://arxiv.org/abs/2112.10752, section 3.1, without its perceptual term: that network is trained on photographs
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.settings import Settings
from medtrans.losses.adversarial import Criterion, fools, tells_apart
from medtrans.losses.divergence import kl_to_standard_normal
from medtrans.networks._settings import Discriminator
from medtrans.networks._slice_stack import middle_slices
from medtrans.networks.autoencoder_kl import AutoencoderKLSettings as NetworkSettings
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings


@dataclass(frozen=True, kw_only=True)
class AutoencoderKLSettings(Settings):
    network: NetworkSettings = NetworkSettings()
    """The networks E and D."""
    kl: Annotated[float, Ge(0)] = 1e-6
    """Weight of the divergence: so small that it only keeps codes from drifting away."""
    adversarial: Annotated[float, Ge(0)] = 0.0
    """Weight of fooling the judge, for sharper images; the paper's recipe switches it on after 50,000 steps."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The judge J, patch by patch; only with `adversarial`."""
    criterion: Criterion = "hinge"
    """How the judge is scored."""


class AutoencoderKL(Method):
    """One player, or two with a judge. All voxels count, air too: images are made whole."""

    Settings = AutoencoderKLSettings
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: AutoencoderKLSettings) -> None:
        super().__init__(task, settings)
        dims, channels = task.spatial_dims, task.target_channels
        self.middle = middle_slices(task)
        self.autoencoder = settings.network.build(dims, channels, channels)
        if settings.adversarial:
            self.judge = settings.discriminator.build(dims, channels, 1)
        self.divisor, self.latent_channels = settings.network.divisor, settings.network.latent

    def players(self) -> dict[str, list[nn.Module]]:
        judges = {"discriminator": [self.judge]} if self.settings.adversarial else {}
        return {"autoencoder": [self.autoencoder], **judges}

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, asked = batch.target, self.settings
        noise = batch.normal(asked.network.latent, *[side // asked.network.divisor for side in x.shape[2:]])
        made, mean, logvar = self.autoencoder(x, noise)
        terms = {
            "l1": l1_loss(made, x),
            "kl": asked.kl * kl_to_standard_normal(mean, logvar).mean() / x[0].numel(),
        }
        if not asked.adversarial:
            yield "autoencoder", terms
            return
        yield "autoencoder", {**terms, "fool": asked.adversarial * fools(self.judge(made), asked.criterion)}
        yield "discriminator", {"tell": tells_apart(self.judge(x), self.judge(made.detach()), asked.criterion)}

    def encode(self, image: Tensor) -> Tensor:
        """Images (batch, channel, *space) → codes (batch, latent_channels, *space / divisor) of mean square 1."""
        return self.autoencoder.encode(image)

    def decode(self, code: Tensor) -> Tensor:
        """The way back."""
        return self.autoencoder.decode(code)

    def reconstruct(self, image: Tensor) -> Tensor:
        return self.decode(self.encode(image))

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.reconstruct(source[:, self.middle])
