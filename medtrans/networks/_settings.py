"""What every network's settings can do: build the network, and say which sizes it takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from torch import nn

from medtrans.core.settings import Settings

Activation = Literal["none", "tanh"]


@dataclass(frozen=True, kw_only=True)
class NetworkSettings(Settings, ABC):
    """The subclass in the file `unet` has `name: Literal["unet"] = "unet"`, and so on."""

    @abstractmethod
    def build(self, spatial_dims: int, in_channels: int, out_channels: int) -> nn.Module:
        """A network from (batch, in_channels, *space) to (batch, out_channels, *space), with fresh weights."""

    @property
    def divisor(self) -> int:
        """Every side of the input must be a multiple of this."""
        return 1


def activation(name: Activation) -> nn.Module:
    return nn.Tanh() if name == "tanh" else nn.Identity()
