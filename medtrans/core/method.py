"""Players and turns.

A method is a generator of objectives: it yields (player, the terms of its objective). The training loop sums the
terms, back-propagates, steps that player's optimiser, logs each term under its name, holds the other players' weights
still meanwhile, and resumes the method for the next player. So a method holds no optimiser, device, precision,
logging or epoch: only the paper. One-player methods yield once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from medtrans.core.settings import Settings as AnySettings

Pairing = Literal["paired", "unpaired"]
Losses = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Task(AnySettings):
    """What is translated into what: dimensions of space and channels (a 2.5D stack counts as channels)."""

    spatial_dims: Literal[2, 3] = 3
    source_channels: int = 1
    target_channels: int = 1
    conditions: int = 0


@dataclass(frozen=True)
class Batch:
    """Tensors (batch, channel, *space), normalised; `mask` (batch, 1, *space) is 1 where the body is."""

    source: Tensor
    target: Tensor
    mask: Tensor | None = None
    condition: Tensor | None = None

    def to(self, device: torch.device | str) -> Batch:
        moved = {name: value.to(device) for name, value in vars(self).items() if value is not None}
        return replace(self, **moved)


class Method(nn.Module, ABC):
    """One paper. `Settings` configures it, `pairing` says which pairs it needs."""

    Settings: ClassVar[type[AnySettings]]
    pairing: ClassVar[Pairing] = "paired"
    divisor: int = 1
    """Every side of a source must be a multiple of this; whoever calls `translate` pads."""
    task: Task
    settings: Any
    """The method's own Settings. With `task` and the weights, all that a saved model needs."""

    @abstractmethod
    def __init__(self, task: Task, settings: AnySettings) -> None:
        super().__init__()
        self.task, self.settings = task, settings

    @abstractmethod
    def players(self) -> Mapping[str, list[nn.Module]]:
        """Who minimises what: one optimiser each, in the order of their turns."""

    def turns(self) -> Sequence[str]:
        """The players of one step, in order; a player may come again (five critic moves per generator move)."""
        return list(self.players())

    @abstractmethod
    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        """Yield (player, the terms of its objective), one per turn of `turns()`; the loop sums the terms."""


@runtime_checkable
class Translates(Protocol):
    """A method that maps a source (batch, channel, *space) to a target of the same space."""

    divisor: int

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor: ...
