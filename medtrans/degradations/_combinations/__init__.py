"""Combinations of degradations: chains and random choices. What is drawn is a flat list of degradations to apply."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np

from medtrans.core.degradation import Degradation
from medtrans.core.registry import Registry
from medtrans.core.settings import MemberOf, Settings

Record = list[dict[str, Any]]
"""For each degradation its "name" and "parameters"."""


@dataclass(frozen=True, kw_only=True)
class Combination(Settings, ABC):
    """Degradations of which some are drawn."""

    takes: ClassVar[str]
    """Name of the setting that holds the degradations."""

    @abstractmethod
    def draw(self, rng: np.random.Generator) -> list[Step]:
        """The members that are applied, in their order."""


Step: TypeAlias = (
    Annotated[Degradation, MemberOf("medtrans.degradations")]
    | Annotated[Combination, MemberOf("medtrans.degradations._combinations")]
)

registry = Registry(__name__, Combination)
names, load, entries = registry.names, registry.load, registry.entries


def draw_all(steps: Sequence[Step], rng: np.random.Generator) -> Record:
    """The record of degradations that are applied to one image."""
    record: Record = []
    for step in steps:
        if isinstance(step, Combination):
            record += draw_all(step.draw(rng), rng)
        else:
            record.append({"name": step.to_dict()["name"], "parameters": step.draw(rng)})
    return record


def names_in(steps: Sequence[Step]) -> list[str]:
    """The names of all degradations that may be drawn."""
    names: list[str] = []
    for step in steps:
        names += names_in(getattr(step, step.takes)) if isinstance(step, Combination) else [step.to_dict()["name"]]
    return names
