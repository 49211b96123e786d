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
from medtrans.core.modality import find_modality
from medtrans.core.score import Clause, Evaluation
from medtrans.core.volume import Volume
from medtrans.evaluating.baselines import (
    COPIED_SOURCE_CLAUSE,
    TRAINING_MEAN,
    TRAINING_MEAN_IMAGE,
    TrainingMean,
)
from medtrans.evaluating.image_scores import WHOLE_VOLUME
from medtrans.evaluating.scoring import ScoringCase, ScoringTask, score_cases
from medtrans.evaluating.segmentation.task import SegmentationTask
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.evaluating.uncertainty import read_samples
from medtrans.reading.cohort import load_pair
from medtrans.reading.names import sidecar_path, uncertainty_path
from medtrans.reading.volumes import read_volume

MAX_TRAINING_TARGETS = 30
"""Training targets that are averaged, evenly picked."""
REGIONS = {
    "mask": "voxels above 0 of each case's mask file",
    "body": "the body found in each target",
    "volume": WHOLE_VOLUME,
}
"""Setting `region` → in words."""
TARGET_SCALE = Clause(
    "Target normalisation",
    "targets are brought to the unit of the model by their own intensities in the body; translations are not.",
)


class TargetPreparation(Protocol):
    """The part of a Preparation that scoring needs."""

    @property
    def target_modality(self) -> str: ...

    def body_mask(self, volume: Volume) -> np.ndarray: ...

    def in_written_unit(self, target: Volume, like: Volume) -> Volume: ...


class RunCase(ScoringCase):
    """A test case with a target and a translation."""

    def __init__(
        self,
        case: Case,
        translation: Path | None,
        preparation: TargetPreparation,
        region: str,
        mean: TrainingMean | None = None,
        *,
        has_uncertainty: bool = False,
    ) -> None:
        self.name, self.subject, self.case, self.preparation = case.name, case.subject, case, preparation
        self.modality = find_modality(preparation.target_modality)
        self.source_given = bool(case.sources) and case.sources != case.targets
        self.translation, self.region, self.mean, self.has_uncertainty = translation, region, mean, has_uncertainty

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
            return target.like(self.preparation.body_mask(finite).astype(np.uint8))
        return self.pair.mask if self.region == "mask" else None

    def in_written_unit(self, target: Volume) -> Volume:
        return self.preparation.in_written_unit(target, self.pair.source)

    def source(self) -> Volume | None:
        """None where there is none, and where images are their own targets: a copy would be perfect."""
        own_target = not self.case.sources or self.case.sources == self.case.targets
        return None if own_target else self.pair.source

    def baselines(self, target: Volume) -> Mapping[str, Volume]:
        """Training means in the body of the source, air elsewhere."""
        if self.mean is None or not self.mean.count:
            return {}
        body, air = self.preparation.body_mask(self.pair.source), self.modality.air
        image = self.mean.per_voxel(target, body, air)
        means = {TRAINING_MEAN: self.mean.one_value(target, body, air)}
        return means if image is None else {**means, TRAINING_MEAN_IMAGE: image}

    def uncertainty(self) -> Volume | None:
        if not self.has_uncertainty or self.translation is None:
            return None
        path = uncertainty_path(self.translation)
        if not path.exists():
            what = f"there is no {path.name} beside its translation"
            raise InputRefused(self.name, what, "delete the translation and run again", "missing-uncertainty")
        return read_volume(path)

    def uncertainty_samples(self) -> int | None:
        return read_samples(sidecar_path(self.translation)) if self.translation is not None else None


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

    `cases` are those of all splits: the training targets make the training mean. `failed` were not translated.
    """
    scale = () if find_modality(preparation.target_modality).quantitative else (TARGET_SCALE,)
    task = ScoringTask(
        settings.preset,
        REGIONS[settings.region],
        settings.metrics,
        (*scale, COPIED_SOURCE_CLAUSE),
        segmentation,
    )
    translated = [case for case in cases if case.name in translations]
    mean = TrainingMean(_training_targets(cases, preparation)) if any(case.targets for case in translated) else None
    scoring = (
        RunCase(case, translations[case.name], preparation, settings.region, mean, has_uncertainty=has_uncertainty)
        for case in translated
        if case.targets
    )
    lone = [_without_target(case) for case in translated if not case.targets]
    return score_cases(scoring, task, failed=failed, findings=lone)


def scoring_pair(case: Case, region: str, preparation: TargetPreparation) -> Pair:
    """A case as it is scored: the target in the unit of translations, the mask of the voxels that count.

    Raises InputRefused where a mask file should be used and there is none.
    """
    scoring = RunCase(case, None, preparation, region)
    target = scoring.target()
    return Pair(case, scoring.pair.source, scoring.in_written_unit(target), scoring.mask(target))


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


def _training_targets(cases: Iterable[Case], preparation: TargetPreparation) -> Iterator[tuple[Volume, np.ndarray]]:
    training = [case for case in cases if case.split == "train" and case.targets]
    for case in training[:: max(len(training) // MAX_TRAINING_TARGETS, 1)]:
        pair = load_pair(case)
        assert pair.target is not None
        yield preparation.in_written_unit(pair.target, pair.source), preparation.body_mask(pair.target)
