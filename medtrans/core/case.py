"""Case: paths only, so that a cohort of thousands is cheap to list, print and split. Pair: the volumes of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from medtrans.core.volume import Volume

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Case:
    """One examination of one subject. Several sources (or targets) become channels, in their order.

    A path leads to a file, or to a folder that holds one volume.
    """

    subject: str
    name: str
    sources: tuple[Path, ...]
    targets: tuple[Path, ...] = ()
    mask: Path | None = None
    split: Split | None = None
    conditions: Mapping[str, float] = field(default_factory=dict)
    session: str = ""
    """Label of the examination among those of the subject; empty where it is unknown."""
    day: date | None = None
    """Date of the examination; None where it is unknown."""
    mask_label: int | None = None
    """The value in the mask that counts; None for all above 0."""
    scanner: str = ""
    """As a table names it; empty where it is unknown."""
    change: Path | None = None
    """Mask of what differs between two visits; of a single one, from the visit before."""
    lesion: Path | None = None
    """Mask of the lesions, on the grid of the source: training.lesion_weight weighs their voxels."""
    changed_untaught: bool = False
    """Whether the voxels of `change` count in no training: there, the target is not what the source should become."""

    @property
    def files(self) -> tuple[Path, ...]:
        """All its paths."""
        return (*self.sources, *self.targets, *filter(None, (self.mask, self.change, self.lesion)))


@dataclass(frozen=True, eq=False)
class Pair:
    """The volumes of a case on one grid. `target` and `mask` are None where there are none."""

    case: Case
    source: Volume
    target: Volume | None = None
    mask: Volume | None = None
    body: Volume | None = None
    """The mask file of a case that is scored, which a translation gets too; `mask` may then be another one."""
