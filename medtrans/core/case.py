"""A case: paths only, so that a cohort of thousands is cheap to list, print and split. A pair: its volumes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from medtrans.core.volume import Volume

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Case:
    """One examination of one subject. Several sources (or targets) become channels in the order given."""

    subject: str
    name: str
    sources: tuple[Path, ...]
    targets: tuple[Path, ...] = ()
    mask: Path | None = None
    split: Split | None = None
    condition: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Pair:
    """The volumes of a case on one grid. `target` and `mask` are None where there are none."""

    case: Case
    source: Volume
    target: Volume | None = None
    mask: Volume | None = None
