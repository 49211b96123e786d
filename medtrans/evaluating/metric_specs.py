"""What is measured of a case: a preset's metrics, and those asked for besides, each under its own label."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtrans.core.errors import UsageError
from medtrans.core.metric import ImageMetric, UncertaintyMetric
from medtrans.evaluating.presets import PRESETS, Preset
from medtrans.metrics import distribution as sets
from medtrans.metrics import load
from medtrans.metrics import uncertainty as spreads

MetricSpec = str | Mapping[str, Any]
"""A metric's name, or its name and settings: {"name": "tissue_error", "tissue": "bone"}."""
OTHERS = (
    (spreads, "spreads", "give --spread; a run with translating.samples above 1 has it unasked"),
    (sets, "sets of images", "use medtrans distances"),
)
"""Families that are listed among the metrics and cannot be asked for here."""
LONGEST = 24
"""Letters of a setting's value in a label; what is longer stands there by its hash, and in full in the sentence."""


@dataclass(frozen=True)
class LabelledMetric:
    """One metric, the name it has in tables, and the unit of its values there."""

    label: str
    metric: ImageMetric
    unit: str
    sentence: str = ""
    """What it is, where the preset does not say so."""


def measures(preset: Preset, also: Sequence[MetricSpec] = ()) -> tuple[LabelledMetric, ...]:
    """The preset's metrics, then those of `also`. Raises UsageError: unknown, not for such images, asked twice."""
    found = {name: LabelledMetric(name, preset.measure(name), preset.unit(name)) for name in preset.metrics}
    for asked in also:
        measure = _besides(preset, *name_and_settings(asked))
        if measure.label in found:
            raise UsageError(f"also: {measure.label}", "is measured already", "ask for it once")
        found[measure.label] = measure
    return tuple(found.values())


def name_and_settings(asked: MetricSpec) -> tuple[str, dict[str, Any]]:
    """Raises UsageError where no metric is named."""
    settings = dict(asked) if isinstance(asked, Mapping) else {"name": asked}
    name = settings.pop("name", None)
    if not isinstance(name, str):
        raise UsageError("also", f"{asked!r} names no metric", "for example nmi, or {name: nmi, bins: 32}")
    return name, settings


def _besides(preset: Preset, name: str, settings: Mapping[str, Any]) -> LabelledMetric:
    for family, what, how in OTHERS:
        if name in family.names():
            raise UsageError(f"also: {name}", f"is a metric of {what}", how)
    kind = load(name)
    if kind.modality not in ("", preset.kind):
        fitting = ", ".join(other.name for other in PRESETS.values() if other.kind == kind.modality)
        what = f"is for {kind.modality} only, the preset {preset.name} is for {preset.kind}"
        raise UsageError(f"also: {name}", what, f"leave it out, or take a preset for {kind.modality}: {fitting}")
    metric = preset.measure(name, settings)
    label = to_label(name, metric, preset.measure(name))
    return LabelledMetric(label, metric, preset.unit(name), to_sentence(label, metric))


def to_sentence(label: str, metric: ImageMetric | UncertaintyMetric) -> str:
    """What it is, by the first line of its file, and all its settings."""
    first = (sys.modules[type(metric).__module__].__doc__ or "").partition("\n")[0]
    told = ", ".join(f"{key} {_plain(value)}" for key, value in metric.to_dict().items())
    return f"{label}: {first}" + (f" Set to {told}." if told else "")


def to_label(name: str, metric: ImageMetric, usual: ImageMetric) -> str:
    """The name, and in brackets the settings that differ from the usual ones: "nmi[bins=32]"."""
    usually = usual.to_dict()
    changed = [f"{key}={_short(value)}" for key, value in metric.to_dict().items() if value != usually[key]]
    return f"{name}[{','.join(changed)}]" if changed else name


def _short(value: Any) -> str:
    text = _plain(value).replace(" ", "")
    return text if len(text) <= LONGEST else "#" + hashlib.sha256(text.encode()).hexdigest()[:6]


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
