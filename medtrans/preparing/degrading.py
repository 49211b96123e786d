"""Degraded sources: what a model that restores images is trained with, made from its targets.

    source = prepare(resample(degrade(target)))

Iglesias et al. (SynthSR), Science Advances 2023, https://doi.org/10.1126/sciadv.add3607
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

import numpy as np
from annotated_types import Ge

from medtrans.core.case import Case
from medtrans.core.errors import InputRefused
from medtrans.core.modality import Modality
from medtrans.core.settings import Settings
from medtrans.core.volume import Volume
from medtrans.degradations._combinations import Record, Step, draw_all
from medtrans.degradations._record import case_rng, degrade_all
from medtrans.preparing.geometry import on_grid_of
from medtrans.preparing.null_space import MadeBy
from medtrans.preparing.on_the_fly import Made, MadeVolume, OnTheFly
from medtrans.preparing.pairing import PreparedVolume
from medtrans.preparing.preparation import Preparation
from medtrans.reading.cohort import load_pair
from medtrans.reading.memory import memory_errors
from medtrans.reading.volumes import read_volume

Degrade: TypeAlias = Callable[[int, np.random.Generator], PreparedVolume]
"""(index of a training case, generator) → its target, degraded and prepared as a source."""


@dataclass(frozen=True, kw_only=True)
class DegradingSettings(Settings):
    chain: tuple[Step, ...] = ()
    """Degradations that make the source of each target, in this order; none where sources are read."""
    items_per_draw: Annotated[int, Ge(1)] = 16
    """Training items taken from a volume before it is degraded anew; 1 degrades a whole volume for each item."""
    seed: Annotated[int, Ge(0)] = 0
    """Seed of the one degradation of each validation and test case."""
    null_space: bool = False
    """Train only what the source does not determine of its target: with one linear degradation, in whole slices within
    which it acts. Translations need translating.data_consistency."""
    labels: str | None = None
    """Pattern of label maps on the grids of the targets, * being the name of the case, for degradations by tissue."""


@dataclass(frozen=True, eq=False)
class Degraded(OnTheFly):
    """Sources are degraded on the fly."""

    degrade: Degrade

    def make(self, key: tuple[int, ...], draw: int) -> Made:
        rng = self.generator(key, draw)
        case = int(rng.integers(len(self.sources)))
        return Made(case, self.degrade(case, rng))


@dataclass(frozen=True)
class Degrader:
    """Degrades the target of a case and prepares it as its source. Can be sent to another process."""

    cases: Sequence[Case]
    settings: DegradingSettings
    preparation: Preparation
    root: Path

    def __call__(self, index: int, rng: np.random.Generator) -> PreparedVolume:
        case, preparation = self.cases[index], self.preparation
        with memory_errors(case.name):
            pair = load_pair(case)
            assert pair.target is not None
            record, labels = draw_all(self.settings.chain, rng), label_map(self.settings, case, self.root)
            tissues, how = read_volume(labels) if labels else None, preparation.settings.interpolation
            source = degraded_in_place(pair.target, record, preparation.modality, how, tissues)
            prepared = preparation.prepare_source(source, pair.mask, margin=True)
        return MadeVolume.of(prepared, MadeBy.of(record, pair.target) if self.settings.null_space else None)


def degraded_in_place(
    original: Volume, record: Record, modality: Modality, interpolation: str = "cubic", labels: Volume | None = None
) -> Volume:
    """The volume degraded by a record, on its own grid; `labels` is its label map."""
    return on_grid_of(original, degrade_all(original, record, modality, labels), modality.air, interpolation)


def once_degraded(settings: DegradingSettings, case: str) -> Record:
    """What is drawn for the one degradation of a validation or test case: by the seed and the name of the case."""
    return draw_all(settings.chain, case_rng(settings.seed, case))


def label_map(settings: DegradingSettings, case: Case, root: Path) -> Path | None:
    """The label map of a case. Raises InputRefused where it is missing."""
    if settings.labels is None:
        return None
    file = root / settings.labels.replace("*", case.name)
    if not file.exists():
        raise InputRefused(case.name, f"has no label map {file}", "correct degrading.labels, or leave it out")
    return file
