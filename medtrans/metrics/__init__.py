"""Metrics: of an image against its target (`image`), of sets of images (`distribution`), of a predicted standard
deviation (`uncertainty`), and of a known degradation (`operator`). One metric per file."""

from __future__ import annotations

from dataclasses import replace

from medtrans.core.metric import ImageMetric
from medtrans.core.registry import Entry
from medtrans.core.score import Direction, MetricId
from medtrans.metrics import distribution, image, operator, uncertainty

MODALITIES = {"": "any modality", "CT": "CT in HU only", "dose": "dose only"}
names, load = image.names, image.load


def entries() -> list[Entry]:
    """Image metrics with unit and modality, then uncertainty, operator and distribution metrics."""
    of_images = (replace(entry, facts=_facts(load(entry.name))) for entry in image.entries())
    families = [
        (uncertainty, "of a predicted standard deviation"),
        (operator, "of a known linear degradation"),
        (distribution, "of sets of images"),
    ]
    others = [
        replace(entry, facts=f"{family.load(entry.name).direction} is better; no unit; {of}")
        for family, of in families
        for entry in family.entries()
    ]
    return [*of_images, *others]


def comparable(metric: MetricId) -> bool:
    """Whether a better value means a better translation. True for a metric that is of no family here."""
    families = (family for family in (image, operator) if metric.name in family.names())
    return all(family.load(metric.name).comparable for family in families)


def direction(metric: MetricId) -> Direction:
    """Whether higher or lower values are better. Raises UsageError for an unknown metric."""
    families = (family.registry for family in (uncertainty, operator) if metric.name in family.names())
    return next(families, image.registry).load(metric.name).direction


def _facts(kind: type[ImageMetric]) -> str:
    unit = f"unit {kind.unit}" if kind.unit else "no unit"
    facts = f"{kind.direction} is better; {unit}; {MODALITIES[kind.modality]}"
    return facts if kind.comparable else f"{facts}; not used for verdicts"
