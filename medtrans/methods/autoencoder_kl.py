"""Autoencoder of latent diffusion: its code is a small image with a weak KL penalty.

    autoencoder:    E | D(z) - x | + kl KL(N(m, s²) ‖ N(0, I)) + adversarial generator_loss(D_ψ(D(z))),    z = m + s ε
    discriminator:  discriminator_loss(D_ψ(x), D_ψ(D(z)))

x is the image, (m, log s²) = E(x), ε is noise; all terms per voxel of the image. Rombach et al., CVPR 2022,
https://arxiv.org/abs/2112.10752, section 3.1 and appendix G. Not here: the perceptual term, whose network is trained on
photographs, and the adaptive weight of the adversarial term. Our defaults are a smaller network without attention and
no discriminator; published settings are those of KL-f4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from medtrans.core.method import Batch, Losses, Method, Pairing, Task
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings
from medtrans.core.term import Term, adversarial_term
from medtrans.losses.adversarial import GANLoss, discriminator_loss, generator_loss
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
    """Weight of the KL divergence: so small that it only bounds the scale of the codes."""
    adversarial: Annotated[float, Ge(0)] = 0.0
    """Weight of the adversarial loss, for sharper images; the authors switch it on after 50,000 steps."""
    discriminator: Discriminator = PatchDiscriminatorSettings()
    """The network D_ψ, a patch discriminator; only with `adversarial`."""
    gan_loss: GANLoss = "hinge"
    """Adversarial loss; hinge is the authors'."""


class AutoencoderKL(Method):
    """One player, or two with a discriminator. The loss covers all voxels, air too."""

    Settings = AutoencoderKLSettings
    paper: ClassVar[str] = "Rombach et al., CVPR 2022, https://arxiv.org/abs/2112.10752"
    PUBLISHED = AutoencoderKLSettings(
        network=NetworkSettings(channels=(128, 256, 512), latent=3, blocks=2, attention=True, norm="group"),
        adversarial=0.5,
    )
    optimizer = OptimizerSettings(learning_rate=5e-4)
    """Without a discriminator, which the paper always has: Adam's betas."""
    pairing: ClassVar[Pairing] = "alone"

    def __init__(self, task: Task, settings: AutoencoderKLSettings) -> None:
        super().__init__(task, settings)
        dims, channels = task.spatial_dims, task.target_channels
        self.middle = middle_slices(task)
        self.autoencoder = settings.network.build(dims, channels, channels)
        if settings.adversarial:
            self.discriminator = settings.discriminator.build(dims, channels, 1)
        self.divisor, self.latent_channels = settings.network.divisor, settings.network.latent

    @classmethod
    def optimizer_for(cls, settings: AutoencoderKLSettings) -> OptimizerSettings:
        """With a discriminator, betas of the authors' program, whose rate is 4.5e-6 for each image of a batch."""
        if settings.adversarial:
            return OptimizerSettings(learning_rate=1e-4, betas=(0.5, 0.9))
        return cls.optimizer

    def players(self) -> dict[str, list[nn.Module]]:
        discriminator = {"discriminator": [self.discriminator]} if self.settings.adversarial else {}
        return {"autoencoder": [self.autoencoder], **discriminator}

    @classmethod
    def terms(cls, settings: AutoencoderKLSettings) -> dict[str, Term]:
        kl = Term("Kullback-Leibler divergence of the code from N(0, I), per voxel", settings.kl, settings=("kl",))
        terms = {"autoencoder/l1": Term("mean absolute error of the reconstruction"), "autoencoder/kl": kl}
        if settings.adversarial:
            terms["autoencoder/gan"] = adversarial_term(settings.gan_loss, settings.adversarial, "adversarial")
            terms["discriminator/gan"] = adversarial_term(settings.gan_loss)
        return terms

    @classmethod
    def unused(cls, settings: AutoencoderKLSettings) -> tuple[str, ...]:
        return () if settings.adversarial else ("discriminator", "gan_loss")

    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        x, settings = batch.target, self.settings
        noise = batch.normal(settings.network.latent, *[side // settings.network.divisor for side in x.shape[2:]])
        fake, mean, logvar = self.autoencoder(x, noise)
        terms = {
            "l1": l1_loss(fake, x),
            "kl": settings.kl * kl_to_standard_normal(mean, logvar).mean() / x[0].numel(),
        }
        if not settings.adversarial:
            yield "autoencoder", terms
            return
        gan = generator_loss(self.discriminator(fake), settings.gan_loss)
        yield "autoencoder", {**terms, "gan": settings.adversarial * gan}
        real_logits, fake_logits = self.discriminator(x), self.discriminator(fake.detach())
        yield "discriminator", {"gan": discriminator_loss(real_logits, fake_logits, settings.gan_loss)}

    def encode(self, image: Tensor) -> Tensor:
        """Images (batch, channel, *space) → codes (batch, latent_channels, *space / divisor) of mean square 1."""
        return self.autoencoder.encode(image)

    def decode(self, code: Tensor) -> Tensor:
        """Codes → images."""
        return self.autoencoder.decode(code)

    def reconstruct(self, image: Tensor) -> Tensor:
        return self.decode(self.encode(image))

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor:
        return self.reconstruct(source[:, self.middle])
