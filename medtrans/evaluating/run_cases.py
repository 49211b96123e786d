"""Scoring cases from a run: its test cases, their translations, and the preparation of the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from medtrans.core.case import Case, Pair
from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.core.known_operator import KnownOperator
from medtrans.core.metric import Borders
from medtrans.core.modality import ModalityName, find_modality
from medtrans.core.score import Evaluation
from medtrans.core.volume import Volume
from medtrans.evaluating.baselines import COPIED_SOURCE_CLAUSE
from medtrans.evaluating.image_scores import WHOLE_VOLUME
from medtrans.evaluating.known_operator import read_operator
from medtrans.evaluating.mask_arrays import counted_values, mask_array, without_padded
from medtrans.evaluating.scoring import ScoringTask, score_cases
from medtrans.evaluating.scoring_case import ScoringCase
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.evaluating.training_baselines import INTENSITY_LOOKUP_CLAUSE, TrainingBaselines, TrainingCase
from medtrans.evaluating.uncertainty import read_samples
from medtrans.evaluating.window_borders import read_borders
from medtrans.preparing.intensity_scale import scaled, upper_percentiles
from medtrans.reading.cohort import load_pair
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import sidecar_path, uncertainty_path
from medtrans.reading.padding import padding_as_air, without_padding
from medtrans.reading.sidecars import read_sidecar
from medtrans.reading.volumes import read_mask, read_volume

MAX_TRAINING_CASES = 30
"""Training cases that baselines are learnt from, evenly picked."""
REGIONS = {
    "mask": "{} of each case's mask file",
    "body": "the body found in each target",
    "volume": WHOLE_VOLUME,
}
"""Setting `region` → in words, which values of a mask count left open."""


class TargetPreparation(Protocol):
    """The part of a Preparation that scoring needs."""

    @property
    def source_modality(self) -> str: ...

    @property
    def target_modality(self) -> str: ...

    @property
    def target_percentiles(self) -> tuple[float, ...]: ...

    def body_mask(self, volume: Volume, *, modality: ModalityName | None = None) -> np.ndarray: ...

    def in_written_unit(self, target: Volume) -> Volume: ...

    def normalised_source(self, volume: Volume) -> np.ndarray: ...


class RunCase(ScoringCase):
    """A test case with a target and a translation."""

    def __init__(
        self,
        case: Case,
        translation: Path | None,
        preparation: TargetPreparation,
        region: str,
        training: TrainingBaselines | None = None,
        *,
        has_uncertainty: bool = False,
    ) -> None:
        self.name, self.subject, self.scanner = case.name, case.subject, case.scanner
        self.case, self.preparation = case, preparation
        self.modality = find_modality(preparation.target_modality)
        self.is_label_map = self.modality.name == "labels"
        self.has_source = bool(case.sources) and case.sources != case.targets
        self.source_given = self.has_source and preparation.source_modality == preparation.target_modality
        self.translation, self.region, self.training = translation, region, training
        self.has_uncertainty = has_uncertainty

    @cached_property
    def pair(self) -> Pair:
        """Source, target and mask as they were measured."""
        return load_pair(self.case)

    def target(self) -> Volume:
        assert self.pair.target is not None
        return self.pair.target

    def translated(self) -> Volume:
        assert self.translation is not None
        return read_volume(self.translation)

    def mask(self, target: Volume) -> Volume | None:
        """Raises InputRefused where the mask file that should be used is missing."""
        if self.region == "mask" and self.pair.mask is None:
            advice = "give one by reading.mask or the table, or set evaluating.region: body"
            what = "has no mask file, and evaluating.region is mask"
            raise InputRefused(self.name, what, advice, "missing-mask")
        if self.region == "body":
            # Otsu's threshold is undefined with nan; whether one lies in the body is checked with the mask.
            finite = target.like(np.nan_to_num(target.voxels, nan=self.modality.air))
            return target.like(self.preparation.body_mask(finite, modality=self.modality.name).astype(np.uint8))
        return self.pair.mask if self.region == "mask" else None

    def change(self) -> Volume | None:
        return read_mask(self.case.change) if self.case.change is not None else None

    def compared(self, target: Volume) -> Volume:
        return self.in_written_unit(target) if self.modality.name == "labels" else target

    @cached_property
    def in_source_unit(self) -> bool:
        """Whether the translation agrees with its source, whose unit is then that of the target, too."""
        facts = read_sidecar(sidecar_path(self.translation)) if self.translation is not None else {}
        return "data_consistency" in facts or "posterior_sampling" in facts

    def in_written_unit(self, target: Volume) -> Volume:
        return target if self.in_source_unit else self.preparation.in_written_unit(target)

    def written_percentiles(self) -> tuple[float, ...]:
        return () if self.in_source_unit else self.preparation.target_percentiles

    def source(self) -> Volume | None:
        """None where it is its own target."""
        return self.pair.source if self.has_source else None

    def baselines(self, target: Volume) -> Mapping[str, Volume]:
        """What was learnt from the training cases; air outside the mask file, or the body of the source."""
        if self.training is None:
            return {}
        source = self.preparation.normalised_source(self.pair.source) if self.has_source else None
        baselines = self.training.volumes(target, self.inside(), self.modality.air, source)
        learnt = self.preparation.target_percentiles
        if not self.in_source_unit or len(learnt) != target.channels:
            return baselines
        return {name: scaled(volume, learnt, upper_percentiles(target)) for name, volume in baselines.items()}

    def inside(self) -> np.ndarray:
        """The voxels that baselines fill (i, j, k): of the mask file where it is the region, else of the body."""
        if self.region == "mask" and self.pair.mask is not None:
            return mask_array(self.pair.mask, self.pair.source)
        return self.preparation.body_mask(self.pair.source)

    def uncertainty(self) -> Volume | None:
        if not self.has_uncertainty or self.translation is None:
            return None
        path = uncertainty_path(self.translation)
        if not path.exists():
            what = f"there is no {path.name} beside its translation"
            raise InputRefused(self.name, what, "delete the translation and run again", "missing-uncertainty")
        return read_volume(path)

    def window_borders(self) -> Borders | None:
        return read_borders(sidecar_path(self.translation)) if self.translation is not None else None

    def uncertainty_samples(self) -> int | None:
        return read_samples(sidecar_path(self.translation)) if self.translation is not None else None

    def known_operator(self, target: Volume) -> KnownOperator | None:
        if not self.has_source or len(self.case.sources) + len(self.case.targets) > 2:
            return None
        return read_operator(self.case.sources[0], self.case.targets[0], target)


def evaluate_run(
    cases: Sequence[Case],
    translations: Mapping[str, Path],
    failed: Mapping[str, Finding],
    preparation: TargetPreparation,
    settings: EvaluatingSettings,
    *,
    has_uncertainty: bool = False,
    segmentation: SegmentationTask | None = None,
) -> Evaluation:
    """Score each translated test case that has a target, with its baselines; the other cases are listed.

    `cases` are those of all splits: baselines are learnt from the training cases. `failed` were not translated.
    """
    translated = [case for case in cases if case.name in translations]
    training = None
    if any(case.targets for case in translated):
        training = TrainingBaselines(training_cases(cases, settings.region, preparation))
    lookup = (INTENSITY_LOOKUP_CLAUSE,) if training is not None and training.lookup is not None else ()
    clauses = (COPIED_SOURCE_CLAUSE, *lookup)
    label = cases[0].mask_label if cases else None
    region = REGIONS[settings.region].format(counted_values(label))
    task = ScoringTask(settings.preset, region, settings.metrics, clauses, segmentation)
    scoring = (
        RunCase(case, translations[case.name], preparation, settings.region, training, has_uncertainty=has_uncertainty)
        for case in translated
        if case.targets
    )
    lone = [_without_target(case) for case in translated if not case.targets]
    return score_cases(scoring, task, failed=failed, findings=lone, primary=settings.primary)


def scoring_pair(case: Case, region: str, preparation: TargetPreparation, *, source_unit: bool = False) -> Pair:
    """A case as it is scored: the target in the unit of translations, the mask of the voxels that count.

    With `source_unit` translations have the unit of their sources, which is that of the targets.
    Raises InputRefused where a mask file should be used and there is none, EmptyMask where padding fills it.
    """
    scoring = RunCase(case, None, preparation, region)
    target = scoring.target()
    mask, _ = without_padded(scoring.mask(target), target, scoring.modality.name, case.name)
    written = target if source_unit else scoring.in_written_unit(target)
    return Pair(case, scoring.pair.source, written, mask, scoring.pair.mask)


def not_translated(case: str, what: str) -> Finding:
    """The failure of a test case without a translation."""
    return Finding(code="missing-translation", severity="refuse", where=case, what=what)


def _without_target(case: Case) -> Finding:
    return Finding(
        code="missing-target",
        severity="note",
        where=case.name,
        what="was translated but not scored",
        consequence="there is no target",
    )


def training_cases(cases: Iterable[Case], region: str, preparation: TargetPreparation) -> Iterator[TrainingCase]:
    """What baselines are learnt from, without the padding of the targets."""
    training = [case for case in cases if case.split == "train" and case.targets]
    for case in training[:: max(len(training) // MAX_TRAINING_CASES, 1)]:
        own = RunCase(case, None, preparation, region)
        learns = own.has_source and own.modality.name != "labels"
        with memory_errors(case.name):
            source = preparation.normalised_source(own.pair.source) if learns else None
            target, name = own.target(), own.modality.name
            inside, _ = without_padding(target, own.inside(), name, case.name)
            learnt_from = TrainingCase(own.in_written_unit(padding_as_air(target, name)), inside, source)
        yield learnt_from
