"""Settings of a network: which role it has in a method, how it is built, which sizes it takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from torch import nn

from medtrans.core.settings import MemberOf, Settings

Activation = Literal["none", "tanh"]
Role = Literal["generator", "discriminator", "encoder", "decoder", "denoiser", "autoencoder", "flow"]


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(Settings, ABC):
    """Settings that build one network. Those in the file `unet` have `name: Literal["unet"] = "unet"`, and so on."""

    role: ClassVar[Role]
    """Its place in a method: a setting that takes a generator takes every network of this role."""

    @abstractmethod
    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        """A network from (batch, in_channels, *space) to (batch, out_channels, *space), with fresh weights."""

    @property
    def divisor(self) -> int:
        """Every side of the input must be a multiple of this."""
        return 1


@dataclass(frozen=True, kw_only=True)
class EncodingSettings(NetworkSettings):
    """Settings of a generator that returns the features of its encoder when it is called with `encode`."""

    @abstractmethod
    def encoded(self, in_channels: int) -> Sequence[int]:
        """Channels of each of these features."""


Generator: TypeAlias = Annotated[NetworkSettings, MemberOf("medtrans.networks", role="generator")]
EncodingGenerator: TypeAlias = Annotated[EncodingSettings, MemberOf("medtrans.networks", role="generator")]
Discriminator: TypeAlias = Annotated[NetworkSettings, MemberOf("medtrans.networks", role="discriminator")]
Denoiser: TypeAlias = Annotated[NetworkSettings, MemberOf("medtrans.networks", role="denoiser")]


def activation(name: Activation) -> nn.Module:
    return nn.Tanh() if name == "tanh" else nn.Identity()
