"""Scores and what they mean: MetricId, Score, Clause, Definition.

Two scores are compared field by field, never by their sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Direction = Literal["higher", "lower"]
TRANSLATED = "translated"
"""The system that is evaluated; every other system among scores is a baseline."""


@dataclass(frozen=True, order=True)
class MetricId:
    """A metric: its name, the settings that differ from the defaults, and the region or class it is taken over."""

    name: str
    settings: tuple[tuple[str, str], ...] = ()
    """(key, value as text), sorted by key."""
    region: str = ""
    """A class of a label map ("liver"), "mean" over classes, or empty for the region of the definition."""

    @property
    def label(self) -> str:
        """Column heading: "tissue_error[tissue=bone]", "dice[liver]"."""
        inside = [f"{key}={value}" for key, value in self.settings] + ([self.region] if self.region else [])
        return f"{self.name}[{','.join(inside)}]" if inside else self.name

    def __str__(self) -> str:
        return self.label

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"name": self.name, "settings": dict(self.settings), "region": self.region}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MetricId:
        """The inverse of `to_dict`."""
        return cls(values["name"], tuple(sorted(values.get("settings", {}).items())), values.get("region", ""))


@dataclass(frozen=True)
class Score:
    """One number of one case. `system` is what was scored: "translated", or the name of a baseline.

    `value` is nan where it could not be computed; `note` then gives the reason.
    """

    case: str
    subject: str
    system: str
    metric: MetricId
    value: float
    unit: str = ""
    direction: Direction = "lower"
    note: str = ""


@dataclass(frozen=True)
class Clause:
    """One choice that changes a number: its subject ("psnr", "region", "target normalisation"), text and values."""

    subject: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """The meaning of a set of scores. Scores of different definitions are never compared."""

    preset: str
    modality: str
    value_range: tuple[float, float]
    data_range: float
    region: str
    """Which voxels count, in words."""
    clauses: tuple[Clause, ...] = ()

    def differences(self, other: Definition) -> list[str]:
        """Names of the fields and clauses that differ; empty where scores may be compared."""
        names = ("preset", "modality", "value_range", "data_range", "region")
        fields = [name for name in names if getattr(self, name) != getattr(other, name)]
        mine, theirs = ({clause.subject: clause for clause in each.clauses} for each in (self, other))
        clauses = [key for key in dict.fromkeys([*mine, *theirs]) if mine.get(key) != theirs.get(key)]
        return [*fields, *clauses]
