"""Scoring of a set of cases: one loop for the test cases of a run and for folders of files.

The same files give the same scores, baselines and failures, whichever of the two lists them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from medtrans.core.errors import MedtransError
from medtrans.core.finding import Finding
from medtrans.core.measurement import Measurement, Structure
from medtrans.core.metric import CaseFacts
from medtrans.core.score import TRANSLATED, Clause, Evaluation, Score
from medtrans.core.volume import Volume
from medtrans.evaluating import known_operator, uncertainty
from medtrans.evaluating.baselines import COPIED_SOURCE, copied_source
from medtrans.evaluating.degenerate import FILLED, MIN_CORRELATION, correlation, degenerate
from medtrans.evaluating.failures import failure
from medtrans.evaluating.image_scores import WHOLE_VOLUME, definition, input_hashes, score_pair
from medtrans.evaluating.input_checks import (
    refuse_implausible,
    refuse_not_finite,
    refuse_other_channels,
    refuse_other_grid,
    refuse_other_unit,
    refuse_unfit_mask,
)
from medtrans.evaluating.mask_arrays import change_array, mask_array, without_padded
from medtrans.evaluating.measurements import measurements
from medtrans.evaluating.metric_specs import MetricSpec, name_and_settings
from medtrans.evaluating.placement import misplaced
from medtrans.evaluating.presets import find_preset
from medtrans.evaluating.scoring_case import ScoringCase
from medtrans.evaluating.whole_volume import CLAUSE, air_fraction, whole_volume
from medtrans.preparing.intensity_scale import scaled, upper_percentiles
from medtrans.reading.fills import filled_target
from medtrans.reading.memory import memory_errors
from medtrans.reading.volumes import refuse_empty_mask

if TYPE_CHECKING:
    from medtrans.evaluating.segmentation.task import SegmentationTask


@dataclass(frozen=True)
class ScoringTask:
    """What is computed for every case. `region` says in words which voxels count."""

    preset: str
    region: str
    metrics: Sequence[MetricSpec] = ()
    clauses: tuple[Clause, ...] = ()
    """Further clauses of the definition."""
    segmentation: SegmentationTask | None = None


@dataclass(frozen=True, eq=False)
class _Loaded:
    """Volumes of one case that passed all checks, in the unit of the target."""

    translated: Volume
    target: Volume
    mask: Volume | None
    percentiles: tuple[tuple[float, ...], tuple[float, ...]]
    """Of the scale on which a translation is written, and of the target: see preparing/intensity_scale.py."""

    def in_target_unit(self, written: Volume) -> Volume:
        """A volume in the unit of translations, in that of the target."""
        return scaled(written, *self.percentiles) if self.percentiles[0] else written


@dataclass(frozen=True)
class _Collected:
    scores: list[Score] = field(default_factory=list)
    failed: dict[str, Finding] = field(default_factory=dict)
    structures: list[Structure] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    scanners: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    air: list[float] = field(default_factory=list)
    """Fraction of air in each target that is scored without a mask."""


def score_cases(
    cases: Iterable[ScoringCase],
    task: ScoringTask,
    *,
    failed: Mapping[str, Finding] | None = None,
    findings: Sequence[Finding] = (),
    primary: Sequence[str] = (),
) -> Evaluation:
    """Score every case; one that cannot be scored is listed with its finding, and the others go on.

    `failed` are cases that have no translation or no target, `findings` other observations: both become part of the
    evaluation. Raises UsageError on an unknown preset or metric.
    """
    meaning = definition(task.preset, task.region, task.metrics)
    found = _Collected(failed=dict(failed or {}), findings=list(findings))
    for case in cases:
        try:
            with memory_errors(case.name):
                _add_case(case, task, found)
            found.scanners.update({case.name: case.scanner} if case.scanner else {})
        except MedtransError as error:
            found.failed[case.name] = failure(case.name, error)
    found.findings.extend(whole_volume(found.air))
    clauses = (*meaning.clauses, *task.clauses, *((CLAUSE,) if task.region == WHOLE_VOLUME else ()))
    measured = {score.metric.name for score in found.scores}
    for family in (uncertainty, known_operator):
        clauses = (*clauses, *family.CLAUSES) if measured & family.METRICS.keys() else clauses
    structures, scores = found.structures, found.scores
    if task.segmentation:
        of_structures = task.segmentation.summarise(structures)
        structures, scores = of_structures.structures, [*scores, *of_structures.scores]
        clauses = (*clauses, *of_structures.clauses)
        found.findings.extend(of_structures.findings)
    return Evaluation(
        replace(meaning, clauses=clauses),
        scores,
        found.failed,
        structures,
        found.measurements,
        found.hashes,
        found.findings,
        tuple(primary),
        found.scanners,
    )


def _load(case: ScoringCase, modality: str, findings: list[Finding]) -> _Loaded:
    """The volumes of a case after every check that does not depend on a metric. Raises MedtransError with a code."""
    translated, target = case.translated(), case.target()
    refuse_other_grid(case.name, target, "translated", translated)
    refuse_other_channels(case.name, target, "translated", translated)
    refuse_implausible(case.name, "target", modality, target.voxels)
    mask = case.mask(target)
    if mask is not None:
        refuse_unfit_mask(case.name, target, mask)
        refuse_empty_mask(mask, case.name)
    mask, padding = without_padded(mask, target, modality, case.name)
    inside, kind = mask_array(mask, target), "labels" if case.is_label_map else modality
    findings.extend((*padding, *(filled_target(target, inside, kind, case.name) if mask is not None else [])))
    refuse_not_finite(case.name, "translated", translated.voxels, inside)
    refuse_not_finite(case.name, "target", target.voxels, inside)
    written = case.written_percentiles()
    written = written if len(written) == target.channels else ()
    loaded = _Loaded(translated, case.compared(target), mask, (written, upper_percentiles(target) if written else ()))
    return replace(loaded, translated=loaded.in_target_unit(translated))


def _add_case(case: ScoringCase, task: ScoringTask, found: _Collected) -> None:
    """Raises MedtransError; scores of images are kept where only the label map is missing."""
    modality = find_preset(task.preset).modality
    loaded = _load(case, modality, found.findings)
    whose = {"case": case.name, "subject": case.subject}
    systems = {TRANSLATED: loaded.translated, **_baselines(case, loaded, modality)}
    if case.source_given and COPIED_SOURCE not in systems:
        found.findings.append(_no_copied_source(case.name))
    tissues = task.segmentation.tissues(case.name, loaded.target) if task.segmentation and _by_tissue(task) else {}
    change = change_array(case.change(), loaded.target, case.name)
    facts = CaseFacts(case.window_borders(), tissues, change)
    scores: list[Score] = []
    for system, volume in systems.items():
        scores += score_pair(
            volume,
            loaded.target,
            loaded.mask,
            task.preset,
            metrics=task.metrics,
            case=case.name,
            subject=case.subject,
            system=system,
            facts=facts,
        )
    _doubt(case, loaded, modality, found)
    scores += _of_samples_and_operator(case, loaded, systems, modality)
    found.scores.extend(scores)
    found.air.extend([air_fraction(loaded.target, modality)] if task.region == WHOLE_VOLUME else [])
    found.findings.extend((*loaded.translated.findings, *loaded.target.findings))
    found.hashes[case.name] = input_hashes(loaded.target, loaded.mask, task.preset, case.name, change)
    found.measurements.extend(measurements(loaded.translated, loaded.target, loaded.mask, modality=modality, **whose))
    if task.segmentation:
        of_case = task.segmentation.structures(case.name, case.subject, systems, loaded.target)
        found.structures.extend(of_case.structures)
        found.findings.extend(of_case.findings)


def _of_samples_and_operator(
    case: ScoringCase, loaded: _Loaded, systems: Mapping[str, Volume], modality: str
) -> list[Score]:
    """Scores of the standard deviation and of the known degradation, where there is one."""
    whose = {"case": case.name, "subject": case.subject}
    scores: list[Score] = []
    deviation, known = case.uncertainty(), case.known_operator(loaded.target)
    if deviation is not None:
        drawn, scaled_deviation = case.uncertainty_samples(), loaded.in_target_unit(deviation)
        scores += uncertainty.score_uncertainty(
            loaded.translated, loaded.target, scaled_deviation, loaded.mask, samples=drawn, **whose
        )
    if known is not None:
        scores += known_operator.score_operator(systems, loaded.target, known, modality, **whose)
    return scores


def _doubt(case: ScoringCase, loaded: _Loaded, modality: str, found: _Collected) -> None:
    """Findings on a translation that is black, constant, in another place or unit. Raises InputRefused on the unit."""
    doubts = degenerate(loaded.translated, loaded.target, loaded.mask, modality=modality, case=case.name)
    if not doubts or modality == "CT" or _is_scaled(loaded):
        refuse_other_unit(case.name, modality, loaded.translated.voxels, loaded.target.voxels)
    elsewhere = misplaced(loaded.translated, loaded.target, loaded.mask, case.name)
    # A misplaced image has air in the mask: no value fills it.
    found.findings.extend(elsewhere if all(one.code == FILLED for one in doubts) and elsewhere else doubts or elsewhere)


def _by_tissue(task: ScoringTask) -> bool:
    """Whether a metric is taken over classes of the label map."""
    return any(name_and_settings(spec)[1].get("tissues") for spec in task.metrics)


def _is_scaled(loaded: _Loaded) -> bool:
    """Whether a translation far darker or brighter than its target may be the right image in another unit.

    Not where its scale is known, nor where it does not resemble the target: then it is the image that is wrong.
    """
    inside = mask_array(loaded.mask, loaded.target)
    pair = loaded.translated.voxels[:, inside], loaded.target.voxels[:, inside]
    return not loaded.percentiles[0] and correlation(*pair) > MIN_CORRELATION


def _baselines(case: ScoringCase, loaded: _Loaded, modality: str) -> dict[str, Volume]:
    baselines = {name: loaded.in_target_unit(one) for name, one in case.baselines(loaded.target).items()}
    source = case.source() if case.source_given else None
    copied = copied_source(source, loaded.target, loaded.mask, modality) if source is not None else None
    return {**baselines, COPIED_SOURCE: copied} if copied is not None else baselines


def _no_copied_source(name: str) -> Finding:
    return Finding(
        code="no-copied-source",
        severity="note",
        where=name,
        what="its source cannot be read, lies on another grid, or has another unit or nan",
        consequence="the case is scored without the baseline of the copied source",
        advice="give the source on the grid of the target",
    )
