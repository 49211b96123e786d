"""Method: objectives of a training, as players that take turns.

A method yields objectives: (player, the terms of its objective). The training loop sums the terms, back-propagates,
steps that player's optimiser, logs each term under its name, keeps the other players' weights fixed meanwhile, and
resumes the method for the next player. So a method has no optimiser, device, precision, logging or epoch: only the
paper. Methods with one player yield once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, runtime_checkable

import torch
from torch import Tensor, nn

from medtrans.core.divisor import Divisor
from medtrans.core.optimizer import OptimizerSettings
from medtrans.core.settings import Settings as AnySettings
from medtrans.core.term import Term

Pairing = Literal["paired", "unpaired", "alone"]
"""alone: single images, each its own source and target."""
Losses = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Task(AnySettings):
    """Dimensions of space and channels of source and target (the slices of a 2.5D source are channels)."""

    spatial_dims: Literal[2, 3] = 3
    source_channels: int = 1
    target_channels: int = 1
    conditions: int = 0
    """Numbers that come with each image (preparing.conditions)."""
    size: tuple[int, ...] = ()
    """Sides of a training item, for methods that generate images of one size."""


@dataclass(frozen=True)
class NoiseLevel:
    """y_t = signal y + noise ε, ε standard normal: one level of a method that draws images from noise."""

    time: float
    """The time that the network gets."""
    signal: float
    noise: float


Estimate = Callable[[Tensor, NoiseLevel], Tensor]
"""(y_t, level) → ŷ, the mean of the images y that remain possible, E[y | y_t]."""


@dataclass(frozen=True)
class Batch:
    """Tensors (batch, channel, *space), normalised; `mask` (batch, 1, *space) is 1 where the body is.

    With training.lesion_weight it is that weight in lesions.
    """

    source: Tensor
    target: Tensor
    mask: Tensor | None = None
    condition: Tensor | None = None
    seeds: Tensor | None = None
    """(batch,): the random numbers of an item depend on its seed alone, whichever process has the item."""
    null_space: Callable[[Tensor], Tensor] | None = None
    """Images to the part of them that the measurement which made their sources does not determine; differentiable."""

    def to(self, device: torch.device | str) -> Batch:
        stay = "seeds", "null_space"
        moved = {name: value.to(device) for name, value in vars(self).items() if value is not None and name not in stay}
        return replace(self, **moved)

    def normal(self, *size: int, key: int = 0) -> Tensor:
        """Standard normal numbers (batch, *size); another `key` (below 64) gives other numbers."""
        return self._random(torch.randn, size, key)

    def uniform(self, *size: int, key: int = 0) -> Tensor:
        """Numbers (batch, *size) uniform in [0, 1), in the same way."""
        return self._random(torch.rand, size, key)

    def _random(self, generate: Callable[..., Tensor], size: tuple[int, ...], key: int) -> Tensor:
        if self.seeds is None:
            return generate((len(self.source), *size)).to(self.source)
        rng = torch.Generator()
        return torch.stack([generate(size, generator=rng.manual_seed(64 * s + key)) for s in self.seeds.tolist()]).to(
            self.source
        )


class Method(nn.Module, ABC):
    """Method of one paper. `Settings` configures it, `pairing` is the kind of pairs it requires.

    Its abilities are the protocols that it implements: Translates, Reconstructs, Samples.
    """

    Settings: ClassVar[type[AnySettings]]
    PUBLISHED: ClassVar[AnySettings | None] = None
    """Settings as published, as far as this implementation has them; None where no single paper describes it."""
    paper: ClassVar[str] = ""
    """Authors, place, year and address, as a text cites it."""
    optimizer: ClassVar[OptimizerSettings] = OptimizerSettings()
    """Optimiser of every player, as published; a recipe may name another. The default is Adam's, not a GAN's."""
    pairing: ClassVar[Pairing] = "paired"
    divisor: Divisor = 1
    """Every side of a source must be a multiple of this (one for all, or one each); the caller of `translate` pads."""
    uses_conditions: ClassVar[bool] = False
    """True for methods that use the conditions of a case (task.conditions)."""
    weighs_voxels: ClassVar[bool] = False
    """True for methods whose `batch.mask` may weigh voxels, not only count them: those of its losses are means."""
    noise_channels: int = 0
    """Channels of standard normal noise that `translate` takes with a source: the same noise gives the same result."""
    class_means: tuple[float, ...] = ()
    """Normalised intensity of each class, the background first, of a method whose `translate` is the mean over classes:
    then `classes`, with the arguments of `translate`, gives the probability of each but the first, from -1 to 1."""
    gives_spread: bool = False
    """Whether `spread`, with the arguments of `translate`, gives the standard deviation of each value."""
    trains_null_space: ClassVar[bool] = False
    """True for methods whose objective can be that of a null-space network (batch.null_space)."""
    foreground_fraction: float = 0.0
    """Fraction of the training items that contain a voxel of a label of the target (PatchDataset)."""
    training_only: ClassVar[tuple[str, ...]] = ()
    """Attributes with networks that a translation does not use: they are not saved with the model."""
    single_noise_std: float = 1.0
    """Standard deviation of the noise of a single translation. Several samples always have standard normal noise: less
    would make their standard deviation, the uncertainty, too small."""
    task: Task
    settings: Any
    """The method's own Settings. With `task` and the weights, all that a saved model needs."""

    @abstractmethod
    def __init__(self, task: Task, settings: AnySettings) -> None:
        super().__init__()
        self.task, self.settings = task, settings

    @abstractmethod
    def players(self) -> Mapping[str, list[nn.Module]]:
        """Networks of each player, in the order of their turns; each player has one optimiser."""

    def turns(self) -> Sequence[str]:
        """The players of one step, in order; a player may be repeated (five critic updates per generator update)."""
        return list(self.players())

    @classmethod
    def optimizer_for(cls, settings: Any) -> OptimizerSettings:
        """The proposed optimiser under `settings`, for methods where it depends on them."""
        return cls.optimizer

    @classmethod
    def requires_models(cls, settings: Any) -> Mapping[str, Path]:
        """Model folders of the trained methods that this one uses, by the name of the attribute that holds each."""
        return {}

    def attach_frozen(self, name: str, other: Method) -> None:
        """Attach a trained method: it is saved with this one, its weights are fixed. Raises UsageError."""
        setattr(self, name, other.eval().requires_grad_(False))

    def train(self, mode: bool = True) -> Self:
        """Training mode as in torch; attached methods stay in evaluation mode."""
        super().train(mode)
        for child in self.children():
            if isinstance(child, Method):
                child.eval()
        return self

    @classmethod
    def terms(cls, settings: Any) -> Mapping[str, Term]:
        """ "player/term" → that term of `losses` in words, for a methods paragraph: all terms that these settings give.

        Empty in methods that do not say: the text then has the names of the terms.
        """
        return {}

    @classmethod
    def unused(cls, settings: Any) -> Sequence[str]:
        """Names of settings that have no effect, given the others."""
        return ()

    @abstractmethod
    def losses(self, batch: Batch) -> Iterator[tuple[str, Losses]]:
        """Yield (player, the terms of its objective), one per turn of `turns()`; the loop sums the terms."""


@runtime_checkable
class Translates(Protocol):
    """Maps a source (batch, channel, *space) to a target of the same space.

    Methods with `noise_channels` also take `noise` (batch, noise_channels, *space): other noise gives another sample.
    """

    divisor: Divisor

    def translate(self, source: Tensor, condition: Tensor | None = None) -> Tensor: ...


@runtime_checkable
class Denoises(Protocol):
    """Draws images along noise levels by their estimates, so that these can be guided (translating/posterior.py)."""

    def denoise(self, noisy: Tensor, source: Tensor, level: NoiseLevel) -> Tensor:
        """ŷ, the estimated image of `noisy`, (batch, channel, *space), at that level."""

    def draw_with(self, noise: Tensor, estimate: Estimate) -> Tensor:
        """The image for standard normal `noise` by another `estimate`; `denoise` gives that of `translate`."""


@runtime_checkable
class Reconstructs(Protocol):
    """Maps an image (batch, channel, *space) to its reconstruction from a code."""

    def reconstruct(self, image: Tensor) -> Tensor: ...


@runtime_checkable
class Samples(Protocol):
    """Generates images (count, channel, *size) from noise of torch's generator; `condition` is (count, conditions)."""

    def sample(self, count: int, condition: Tensor | None = None) -> Tensor: ...
