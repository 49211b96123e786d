"""Checks of a recipe whose pairs are painted from label maps, before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medtrans.core.errors import UsageError
from medtrans.phantoms.painting import MODALITIES, PaintingSettings
from medtrans.reading.settings import ReadingSettings


def is_painted(values: Mapping[str, Any]) -> bool:
    """Whether the plain values of a recipe paint."""
    painting = values.get("painting")
    return isinstance(painting, Mapping) and painting.get("target") is not None


def with_painted_target(values: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Plain values of a recipe that paints: the label maps stand for sources and targets.

    Raises UsageError where a target is read, too.
    """
    reading = values.get("reading")
    if not isinstance(reading, Mapping) or not isinstance(reading.get("source"), Mapping):
        return values
    kind = values["painting"]["target"]
    painted = {**reading["source"], "modality": MODALITIES.get(kind, kind)}
    if reading.get("target") not in (None, painted):
        what = "is set, but painting makes the targets from the label maps of reading.source"
        raise UsageError(f"{where}: reading.target", what, "leave it out, or take painting out")
    return {**values, "reading": {**reading, "target": painted}}


def refuse_unpaintable(
    painting: PaintingSettings, reading: ReadingSettings, takes_ct: bool, pairing: str, method: str, where: str
) -> None:
    """Raises UsageError where the method does not want pairs, or something is read that is painted."""
    if painting.target is None:
        return
    if pairing != "paired":
        what = f"the method {method} is not trained with pairs ({pairing})"
        raise UsageError(f"{where}: painting", what, "choose a method for pairs, such as regression, or leave it out")
    if reading.source_modality != "MR":
        what = f"is {reading.source_modality}, but MR is painted from the label maps"
        raise UsageError(f"{where}: reading.source.modality", what, "write MR")
    if painting.target == "CT" and "CT" in painting.contrasts:
        raise UsageError(f"{where}: painting.contrasts", "has CT, which is the target", "leave CT out")
    if "CT" in painting.contrasts and not takes_ct:
        what = "has CT, which the model would refuse when it translates"
        raise UsageError(f"{where}: painting.contrasts", what, "set preparing.takes_ct: true, or leave CT out")
    if painting.target == "CT" and painting.skull_stripped:
        what = "paints brains without a skull, and a CT has one"
        raise UsageError(f"{where}: painting.skull_stripped", what, "set 0, or another painting.target")
    if reading.mask or reading.follow_up or len(reading.source.patterns) > 1:
        key = "mask" if reading.mask else "follow_up" if reading.follow_up else "source.pattern"
        what = "has no meaning where each pair and its mask are painted from one label map"
        advice = "give one pattern" if key == "source.pattern" else "leave it out"
        raise UsageError(f"{where}: reading.{key}", what, advice)
