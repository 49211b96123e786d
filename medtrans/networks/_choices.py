"""Which networks may play which part: the types of a method's settings."""

from __future__ import annotations

from typing import TypeAlias

from medtrans.networks.multiscale_discriminator import MultiscaleDiscriminatorSettings
from medtrans.networks.patch_discriminator import PatchDiscriminatorSettings
from medtrans.networks.pix2pix_unet import Pix2PixUNetSettings
from medtrans.networks.residual_unet import ResidualUNetSettings
from medtrans.networks.resnet import ResNetSettings
from medtrans.networks.unet import UNetSettings

Generator: TypeAlias = UNetSettings | ResidualUNetSettings | ResNetSettings | Pix2PixUNetSettings
EncodingGenerator: TypeAlias = UNetSettings | ResNetSettings
"""Those that also tell what they see on the way down."""
Discriminator: TypeAlias = PatchDiscriminatorSettings | MultiscaleDiscriminatorSettings
