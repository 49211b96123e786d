"""Insertion audit: records of lesions that were put into images before their translation, and of lesions taken out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from medtrans.core.finding import Finding, Verdict

COLUMNS = {"score": "scores", "detected": "detected", "read": "read", "read_without": "read_without"}
"""Beginning of a column's name → the fields of an inserted lesion with a value for each image."""


@dataclass(frozen=True, kw_only=True)
class InsertedLesion:
    """One lesion of known size and contrast, and whether the observer detects it in each image."""

    case: str
    subject: str
    diameter_mm: float
    contrast: float
    """In standard deviations of the noise of each image it is put into."""
    centre_mm: tuple[float, float, float]
    """In RAS+."""
    change: float
    """Of the translation at the lesion by its insertion: the height of the ball that fits it best, in its unit."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """Image → the observer's statistic in its standard deviations."""
    detected: Mapping[str, bool] = field(default_factory=dict)
    read: Mapping[str, bool] = field(default_factory=dict)
    """Image → whether the detector reads a lesion there, where it reads the image."""
    read_without: Mapping[str, bool] = field(default_factory=dict)
    """The same of the image without inserted lesions."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, one level deep."""
        plain = {**asdict(self), "centre_mm": list(self.centre_mm)}
        of_images = {name: plain.pop(key) for name, key in COLUMNS.items()}
        return plain | {f"{name}_{image}": value for name, of in of_images.items() for image, value in of.items()}


@dataclass(frozen=True, kw_only=True)
class RemovedLesion:
    """A lesion of a source that was inpainted: differences of its mean to that of the shell around it."""

    case: str
    number: int
    sphere_mm: float
    source: float
    source_inpainted: float
    translated: float
    translated_inpainted: float
    """In the translation of the inpainted source: what the model shows where there is no lesion."""

    @property
    def persistence(self) -> float:
        """Share of the difference in the translation that stays although the lesion is gone; nan where it had none."""
        return self.translated_inpainted / self.translated if self.translated else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "persistence": self.persistence}


@dataclass(frozen=True, kw_only=True)
class InsertionAudit:
    """Detectability of inserted lesions in the source, in the translation, and in the real image where there is one."""

    model: str
    detector: str = ""
    """What reads the images, in one sentence; empty where nothing does."""
    cases: tuple[str, ...]
    lesions: tuple[InsertedLesion, ...]
    cells: Sequence[Mapping[str, Any]] = ()
    """A row for each image, diameter and contrast: d′ with its interval, lesions detected, false positives."""
    half: Sequence[Mapping[str, Any]] = ()
    """A row for each image, contrast and who detects: the diameter detected half the time, with its interval."""
    removed: tuple[RemovedLesion, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    failed: Mapping[str, Finding] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    definition: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "model": self.model,
            "detector": self.detector,
            "cases": list(self.cases),
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "half_detected": [dict(row) for row in self.half],
            "cells": [dict(row) for row in self.cells],
            "lesions": [lesion.to_dict() for lesion in self.lesions],
            "removed": [lesion.to_dict() for lesion in self.removed],
            "failed": {case: finding.to_dict() for case, finding in self.failed.items()},
            "findings": [finding.to_dict() for finding in self.findings],
            "definition": dict(self.definition),
        }
