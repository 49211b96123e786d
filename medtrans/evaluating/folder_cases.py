"""Scoring cases from files: one file against one file, or folders whose volumes have the same names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medtrans.core.errors import InputRefused
from medtrans.core.known_operator import KnownOperator
from medtrans.core.metric import Borders
from medtrans.core.score import Evaluation
from medtrans.core.volume import Volume
from medtrans.evaluating.baselines import COPIED_SOURCE_CLAUSE
from medtrans.evaluating.image_scores import definition
from medtrans.evaluating.known_operator import read_operator
from medtrans.evaluating.matched_files import CaseFiles, MatchedFiles, match_files
from medtrans.evaluating.metric_specs import MetricSpec
from medtrans.evaluating.scoring import ScoringTask, score_cases
from medtrans.evaluating.scoring_case import ScoringCase
from medtrans.evaluating.uncertainty import read_samples
from medtrans.evaluating.window_borders import read_borders
from medtrans.preparing.intensity_scale import read_percentiles, scaled, upper_percentiles
from medtrans.reading.names import UNCERTAINTY, sidecar_path, subject_of
from medtrans.reading.volumes import read_mask, read_upright, read_volume

if TYPE_CHECKING:
    from medtrans.evaluating.segmentation.task import SegmentationTask


@dataclass(frozen=True)
class FolderCase(ScoringCase):
    """A case whose volumes are files."""

    name: str
    files: CaseFiles
    deviations: Path | None = None
    """Where the standard deviations of all cases are; None where they are not scored."""
    mask_label: int | None = None
    read: Callable[[Path], Volume] = read_volume
    """Of images; `read_upright` interpolates DICOM series of a tilted gantry."""

    @property
    def subject(self) -> str:  # type: ignore[override]
        """By the name of the case."""
        return subject_of(self.name)

    def target(self) -> Volume:
        return self.read(self.files.target)

    def translated(self) -> Volume:
        return self.read(self.files.translated)

    def mask(self, target: Volume) -> Volume | None:
        return read_mask(self.files.mask, self.mask_label) if self.files.mask is not None else None

    def change(self) -> Volume | None:
        return read_mask(self.files.change) if self.files.change is not None else None

    @property
    def source_given(self) -> bool:  # type: ignore[override]
        """Whether a source of the name of the case was found."""
        return self.files.source is not None

    def source(self) -> Volume | None:
        """None where it cannot be read: the translation is scored without it."""
        try:
            return self.read(self.files.source) if self.files.source is not None else None
        except InputRefused:
            return None

    def uncertainty(self) -> Volume | None:
        if self.files.uncertainty is not None:
            return read_volume(self.files.uncertainty)
        if self.deviations is not None:
            what = f"there is no {self.name}{UNCERTAINTY} in {self.deviations}"
            raise InputRefused(self.name, what, "translate with --samples", "missing-uncertainty")
        return None

    def in_written_unit(self, target: Volume) -> Volume:
        written = self.written_percentiles()
        return scaled(target, upper_percentiles(target), written) if len(written) == target.channels else target

    def written_percentiles(self) -> tuple[float, ...]:
        """From the sidecar of a translation by medtrans."""
        return read_percentiles(sidecar_path(self.files.translated))

    def window_borders(self) -> Borders | None:
        return read_borders(sidecar_path(self.files.translated))

    def uncertainty_samples(self) -> int | None:
        return read_samples(sidecar_path(self.files.translated))

    def known_operator(self, target: Volume) -> KnownOperator | None:
        return read_operator(self.files.source, self.files.target, target) if self.files.source is not None else None


def evaluate_files(
    translated: Path,
    target: Path,
    mask: Path | None,
    preset: str,
    *,
    metrics: Sequence[MetricSpec] = (),
    uncertainty: Path | None = None,
    source: Path | None = None,
    segmentation: SegmentationTask | None = None,
    mask_label: int | None = None,
    change: Path | None = None,
    resample_tilt: bool = False,
) -> Evaluation:
    """Score files or folders. A case that cannot be scored is listed, the rest go on.

    `uncertainty` holds the standard deviations of the translations, in files of their names, with or without "_std".
    `source` holds the volumes that were translated: a baseline. `mask_label` is the value in a mask that counts,
    `change` holds masks of what differs between source and target, visits at different times; `resample_tilt`
    interpolates DICOM series of a tilted gantry. Raises
    UsageError where no file has a partner, or on an unknown preset or metric, InputRefused where a path does not exist.
    """
    definition(preset, metrics=metrics)  # Refuse a wrong preset or metric before anything is read.
    more = {"source": source, "uncertainty": uncertainty, "change": change}
    files = match_files(translated, target, mask, mask_label=mask_label, **more)
    clauses = (COPIED_SOURCE_CLAUSE,) if files.has_source else ()
    task = ScoringTask(preset, files.region, metrics, clauses, segmentation)
    scored = folder_cases(files, uncertainty, mask_label, resample_tilt=resample_tilt)
    return score_cases(scored, task, failed=files.failed)


def folder_cases(
    files: MatchedFiles, deviations: Path | None = None, mask_label: int | None = None, *, resample_tilt: bool = False
) -> Iterator[FolderCase]:
    """The cases of matched files, in the order of their names."""
    read = read_upright if resample_tilt else read_volume
    for name, of_case in files.cases.items():
        yield FolderCase(name, of_case, deviations, mask_label, read)
