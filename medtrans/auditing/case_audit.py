"""Audit of the lesions of one case: each one found, missed or invented, with its size and its contrast.

| word | meaning |
|---|---|
| reference | the given lesion masks; without them what the detector reads in the real image |
| found | a candidate of the translation matches the lesion |
| missed | none does, though the detector finds the lesion in the real image, or that was not read |
| not detectable | the detector does not find it in the real image either: an error of the detector |
| invented | a candidate of the translation that is no lesion and is not read in the real image |
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

import numpy as np

from medtrans.auditing.components import Components, centre_mm, components, longest_diameter, sphere_diameter
from medtrans.auditing.contrast import Contrast, background, contrast, recovery, shell
from medtrans.auditing.matching import STRICT_IOU, Match, dice, match
from medtrans.core.lesion import Candidates, Lesion, Status
from medtrans.core.volume import Volume

TRANSLATED, TARGET, SOURCE = "translated", "target", "source"


@dataclass(frozen=True, eq=False)
class ReadCase:
    """One case after its images were read: masks (i, j, k) on the grid of the translation."""

    case: str
    subject: str
    translated: Volume
    target: Volume | None
    readings: Mapping[str, np.ndarray]
    """Image → where the detector reads a lesion: "translated", and "target" and "source" where they were read."""
    truth: np.ndarray | None
    """Lesion mask of the real image; None where none was given."""

    @cached_property
    def read(self) -> Mapping[str, Components]:
        """Image → what the detector reads in it."""
        return {image: components(mask, self.translated.spacing) for image, mask in self.readings.items()}

    @cached_property
    def reference(self) -> Components | None:
        """The lesions of the real image; None where nothing is known of it."""
        if self.truth is not None:
            return components(self.truth, self.translated.spacing)
        return self.read.get(TARGET)

    @cached_property
    def matches(self) -> Mapping[str, Match]:
        """Image → overlaps of the lesions of the reference with its candidates."""
        reference = self.reference
        return {} if reference is None else {image: match(reference, one) for image, one in self.read.items()}

    @cached_property
    def excluded(self) -> np.ndarray:
        """No shell: lesions, and the background of the real image."""
        masks = [one.mask for one in (self.reference, self.read.get(TARGET)) if one is not None]
        nothing = np.zeros(self.translated.shape, bool)
        empty = nothing if self.target is None else background(self.target.voxels[0])
        return np.logical_or.reduce([nothing, empty, *masks])


def lesions_of(case: ReadCase) -> tuple[Lesion, ...]:
    """Lesions of the reference, then the candidates of the translation that are none; empty without a reference."""
    return () if case.reference is None else (*_reference_lesions(case), *_extra_lesions(case))


def candidates_of(case: ReadCase) -> dict[str, Candidates]:
    """Image → volumes of what the detector reads in it."""
    found = {}
    for image, matched in case.matches.items():
        volumes = case.read[image].volumes
        own = (matched.candidates_of(row) for row in range(_count(case)))
        largest = [max((volumes[one] for one in numbers), default=0.0) for numbers in own]
        found[image] = Candidates(tuple(volumes[one] for one in matched.false_positives), tuple(filter(None, largest)))
    return found


def lesion_dice(lesions: tuple[Lesion, ...]) -> float:
    """Mean over lesions, with 0 for what is missed or invented; nan where there is no lesion at all."""
    values = [lesion.dice if lesion.status == "found" else 0.0 for lesion in lesions]
    return fmean(values) if values else math.nan


def _count(case: ReadCase) -> int:
    return 0 if case.reference is None else len(case.reference)


def _reference_lesions(case: ReadCase) -> Iterator[Lesion]:
    reference, matched = case.reference, case.matches[TRANSLATED]
    assert reference is not None
    for row in range(len(reference)):
        mask = np.asarray(reference.labels == row + 1)
        seen = {image: one.found(row) for image, one in case.matches.items()}
        in_target = seen.get(TARGET)
        status: Status = "found" if seen[TRANSLATED] else "not detectable" if in_target is False else "missed"
        candidates = _candidate_mask(case, TRANSLATED, row)
        in_real = _candidate_mask(case, TARGET, row) if in_target else None
        voxel = math.prod(case.translated.spacing)
        yield _measured(
            case, mask, row + 1, status,
            in_target=in_target,
            in_source=seen.get(SOURCE),
            strict=matched.found(row, STRICT_IOU),
            iou=float(matched.iou[row].max(initial=0.0)),
            dice=dice(mask, candidates),
            translated_mm3=float(np.count_nonzero(candidates)) * voxel,
            translated_diameter_mm=longest_diameter(candidates, case.translated.affine),
            target_mm3=math.nan if in_real is None else float(np.count_nonzero(in_real)) * voxel,
        )  # fmt: skip


def _candidate_mask(case: ReadCase, image: str, row: int) -> np.ndarray:
    """All candidates of an image that match a lesion."""
    numbers = [one + 1 for one in case.matches[image].candidates_of(row)]
    return np.isin(case.read[image].labels, numbers)


def _extra_lesions(case: ReadCase) -> Iterator[Lesion]:
    """What is read in the translation and is no lesion of the reference."""
    read = case.read[TRANSLATED]
    known = {image: match(read, case.read[image]) for image in (TARGET, SOURCE) if image in case.read}
    for number, one in enumerate(case.matches[TRANSLATED].false_positives, start=_count(case) + 1):
        seen = {image: matched.found(one) for image, matched in known.items()}
        status: Status = "also in the real image" if seen.get(TARGET) else "invented"
        mask = np.asarray(read.labels == one + 1)
        yield _measured(
            case, mask, number, status,
            in_target=seen.get(TARGET),
            in_source=seen.get(SOURCE),
            translated_mm3=read.volumes[one],
            translated_diameter_mm=longest_diameter(mask, case.translated.affine),
        )  # fmt: skip


def _measured(case: ReadCase, mask: np.ndarray, number: int, status: Status, **facts: object) -> Lesion:
    """Place, size and contrast of a lesion."""
    affine, spacing = case.translated.affine, case.translated.spacing
    box, around = shell(mask, case.excluded, spacing)
    own = contrast(case.translated.voxels[0], mask, box, around)
    real = Contrast() if case.target is None else contrast(case.target.voxels[0], mask, box, around)
    volume = float(np.count_nonzero(mask)) * math.prod(spacing)
    is_real = status in ("found", "missed", "not detectable")
    recovered, difference = recovery(own, real) if is_real else (math.nan, math.nan)
    return Lesion(
        case=case.case,
        subject=case.subject,
        number=number,
        status=status,
        centre_mm=centre_mm(mask, affine),
        volume_mm3=volume,
        diameter_mm=longest_diameter(mask, affine),
        sphere_mm=sphere_diameter(volume),
        cnr_target=real.cnr,
        cnr_translated=own.cnr,
        contrast_recovery=recovered,
        difference_ratio=difference,
        **facts,  # type: ignore[arg-type]
    )
