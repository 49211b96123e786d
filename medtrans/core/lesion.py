"""Lesion audit: records of lesions in a translation beside those of the real image.

An error that looks plausible is a hallucination, whether it has clinical impact or is benign (FDA,
https://arxiv.org/abs/2508.14118): a lesion that was removed, or one that was invented.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from medtrans.core.finding import Finding, Verdict

Status = Literal["found", "missed", "not detectable", "invented", "also in the real image"]
SIZES = ("< 5 mm", "5-10 mm", "> 10 mm")
SIZE_LIMITS_MM = (5.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class Lesion:
    """One lesion of the reference, or one that a detector reads in the translation alone.

    "not detectable": the detector does not find it in the real image either; "also in the real image": an error of the
    detector, which reads it in both.
    """

    case: str
    subject: str
    number: int
    status: Status
    centre_mm: tuple[float, float, float]
    """In RAS+."""
    volume_mm3: float
    diameter_mm: float
    """The longest."""
    sphere_mm: float
    """Diameter of a ball of its volume."""
    in_target: bool | None = None
    """Whether the detector finds it in the real image; None where that was not read."""
    in_source: bool | None = None
    strict: bool = False
    """Whether it is found at the higher overlap, too."""
    iou: float = math.nan
    """Intersection over union with what the detector reads in the translation at its place."""
    dice: float = math.nan
    translated_mm3: float = math.nan
    """Its volume as the detector reads it in the translation."""
    translated_diameter_mm: float = math.nan
    target_mm3: float = math.nan
    """Its volume as the detector reads it in the real image."""
    cnr_target: float = math.nan
    """Contrast to the shell around it, in standard deviations of the shell, in the real image."""
    cnr_translated: float = math.nan
    contrast_recovery: float = math.nan
    """Ratio of both: 1 where the contrast is that of the real image, 0 where there is none left. Above 1 also where the
    translation has less noise than the real image."""
    difference_ratio: float = math.nan
    """The same of the mean differences to the shell, without the noise; only where both images have one unit."""

    @property
    def size(self) -> str:
        """By the diameter of the ball of its volume."""
        return SIZES[sum(self.sphere_mm >= limit for limit in SIZE_LIMITS_MM)]

    @property
    def is_reference(self) -> bool:
        """Whether it is a lesion of the reference."""
        return self.status in ("found", "missed", "not detectable")

    @property
    def volume_ratio(self) -> float:
        """Volume in the translation over that in the real image, both as the detector reads them."""
        return self.translated_mm3 / (self.volume_mm3 if math.isnan(self.target_mm3) else self.target_mm3)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "centre_mm": list(self.centre_mm), "size": self.size}


@dataclass(frozen=True)
class Candidates:
    """What one detector reads in one image, beside the lesions of the reference."""

    false_volumes: tuple[float, ...] = ()
    """Volume in mm³ of each candidate that is no lesion of the reference."""
    found_volumes: tuple[float, ...] = ()
    """Of each lesion of the reference that is found, the volume of its largest candidate; the others are missing."""


@dataclass(frozen=True, kw_only=True)
class CaseAudit:
    """The lesions of one case, what was read in each image, and the verdict."""

    case: str
    subject: str
    lesions: tuple[Lesion, ...]
    readings: Mapping[str, Candidates]
    """Image → candidates: "translated", and "target" and "source" where they were read."""
    lesion_dice: float
    """Mean of the Dice of every lesion of the reference; one that is missed, and every invented one, has 0."""
    verdict: Verdict
    findings: tuple[Finding, ...] = ()

    @property
    def reference_count(self) -> int:
        """Number of lesions of the reference."""
        return sum(lesion.is_reference for lesion in self.lesions)

    def having(self, *statuses: Status, at_least_mm: float = 0.0) -> list[Lesion]:
        """Lesions of a status and size."""
        return [one for one in self.lesions if one.status in statuses and one.sphere_mm >= at_least_mm]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "case": self.case,
            "subject": self.subject,
            "verdict": asdict(self.verdict),
            "lesion_dice": self.lesion_dice,
            "false_positives": {image: len(one.false_volumes) for image, one in self.readings.items()},
            "lesions": [lesion.to_dict() for lesion in self.lesions],
        }


@dataclass(frozen=True, kw_only=True)
class LesionAudit:
    """The audit of a set of cases."""

    detector: str
    """What the detector is."""
    reference: str
    """What counts as a lesion of the real image."""
    cases: tuple[CaseAudit, ...]
    failed: Mapping[str, Finding] = field(default_factory=dict)
    summary: Mapping[str, Any] = field(default_factory=dict)
    sizes: Sequence[Mapping[str, Any]] = ()
    """A row for each size."""
    froc: Mapping[str, Sequence[tuple[float, float, float]]] = field(default_factory=dict)
    """Image → (smallest volume in mm³ that counts, false positives a case, sensitivity)."""
    controls: Sequence[Mapping[str, Any]] = ()
    verdicts: tuple[Verdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    definition: Mapping[str, str] = field(default_factory=dict)
    """Subject → how it is computed."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "detector": self.detector,
            "reference": self.reference,
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "summary": dict(self.summary),
            "sizes": [dict(row) for row in self.sizes],
            "controls": [dict(row) for row in self.controls],
            "froc": {image: [list(point) for point in points] for image, points in self.froc.items()},
            "cases": [case.to_dict() for case in self.cases],
            "failed": {case: finding.to_dict() for case, finding in self.failed.items()},
            "findings": [finding.to_dict() for finding in self.findings],
            "definition": dict(self.definition),
        }
