"""Players and turns.

A method is a generator of objectives: it yields (player, the terms of its objective). The training loop sums the
terms, back-propagates, steps that player's optimiser, logs each term under its name, holds the other players' weights
still meanwhile, and resumes the method for the next player. So a method holds no optimiser, device, precision,
logging or epoch: only the paper. One-player methods yield once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import torch
from torch import Tensor, nn

from medtrans.core.settings import Settings as AnySettings

Pairing = Literal["paired", "unpaired", "alone"]
"""alone: images without partners, each its own source and target."""
Losses = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Task(AnySettings):
    """What is translated into what: dimensions of space and channels (a 2.5D stack counts as channels)."""

    spatial_dims: Literal[2, 3] = 3
    source_channels: int = 1
    target_channels: int = 1
    conditions: int = 0
    """Numbers that come with each image (preparing.conditions)."""
    size: tuple[int, ...] = ()
    """Sides of a training item, for methods that make images of one size."""


@dataclass(frozen=True)
class Batch:
    """Tensors (batch, channel, *space), normalised; `mask` (batch, 1, *space) is 1 where the body is."""

    source: Tensor
    target: Tensor
    mask: Tensor | None = None
    condition: Tensor | None = None
    seeds: Tensor | None = None
    """(batch,): what is drawn for an item depends on its seed alone, however items are shared among processes."""

    def to(self, device: torch.device | str) -> Batch:
        moved = {name: value.to(device) for name, value in vars(self).items() if value is not None and name != "seeds"}
        return replace(self, **moved)

    def normal(self, *size: int, key: int = 0) -> Tensor:
        """Standard normal numbers (batch, *size); for another `key` (below 64), others."""
        return self._drawn(torch.randn, size, key)

    def uniform(self, *size: int, key: int = 0) -> Tensor:
        """Numbers (batch, *size) evenly from [0, 1), likewise."""
        return self._drawn(torch.rand, size, key)

    def _drawn(self, draw: Callable[..., Tensor], size: tuple[int, ...], key: int) -> Tensor:
        if self.seeds is None:
            return draw((len(self.source), *size)).to(self.source)
        dice = torch.Generator()
        return torch.stack([draw(size, generator=dice.manual_seed(64 * s + key)) for s in self.seeds.tolist()]).to(
            self.source
        )


class Method(nn.Module, ABC):
    """One paper. `Settings` configures it, `pairing` says which pairs it needs.

    What a method can do is what it implements: Translates, Reconstructs, Samples.
    """

    Settings: ClassVar[type[AnySettings]]
    pairing: ClassVar[Pairing] = "paired"
    divisor: int | tuple[int, ...] = 1
    """Every side of a source must be a multiple of this (one for all, or one each); whoever calls `translate` pads."""
    told: ClassVar[bool] = False
    """Whether it makes use of the conditions of a case (task.conditions)."""
    noise_channels: int = 0
    """Channels of standard normal noise that `translate` takes with a source: the same noise, the same answer."""
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

    @classmethod
    def needs(cls, settings: Any) -> Mapping[str, Path]:
        """Model folders of trained methods that this one builds on, by the name under which it adopts them."""
        return {}

    def attach_frozen(self, name: str, other: Method) -> None:
        """Take over a trained method: saved with this one, its weights never moved. Raises UsageError if unfit."""
        setattr(self, name, other.eval().requires_grad_(False))

    def train(self, mode: bool = True) -> Self:
        """As in torch; what was adopted stays as it is."""
        super().train(mode)
        for child in self.children():
            if isinstance(child, Method):
                child.eval()
        return self

    @abstractmethod
    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        """Yield (player, the terms of its objective), one per turn of `turns()`; the loop sums the terms."""


@runtime_checkable
class Translates(Protocol):
    """Maps a source (batch, channel, *space) to a target of the same space.

    Methods with `noise_channels` also take `noise` (batch, noise_channels, *space): another noise, another sample.
    """

    divisor: int | tuple[int, ...]

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor: ...


@runtime_checkable
class Reconstructs(Protocol):
    """Maps an image (batch, channel, *space) to itself, through less than it holds."""

    def reconstruct(self, image: Tensor) -> Tensor: ...


@runtime_checkable
class Samples(Protocol):
    """Makes images (count, channel, *size) out of noise from torch's generator; `condition` is (count, conditions)."""

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor: ...
