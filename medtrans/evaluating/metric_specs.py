"""Metrics of an evaluation: those of a preset, and those of the settings, each with its identity and unit."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medtrans.core.errors import UsageError
from medtrans.core.metric import ImageMetric, Metric
from medtrans.core.score import Clause, MetricId
from medtrans.evaluating.presets import PRESETS, Preset
from medtrans.metrics import distribution, load, operator, uncertainty

MetricSpec = str | Mapping[str, Any]
"""Name of a metric, or its name and settings: {"name": "tissue_error", "tissue": "bone"}."""
OTHER_FAMILIES = (
    (uncertainty, "uncertainty metric", "give --uncertainty; a run with translating.samples above 1 has it by itself"),
    (operator, "operator metric", "it is there by itself where the sources have the record of one linear degradation"),
    (distribution, "distribution metric", "use medtrans distances"),
)
"""Families that are listed among the metrics and cannot be chosen here."""
MAX_SETTING_LENGTH = 24
"""Characters of a setting in a label; a longer one appears as its hash, and in full in the clause."""


@dataclass(frozen=True)
class LabelledMetric:
    """A metric, its identity in tables, and the unit of its values."""

    id: MetricId
    metric: ImageMetric
    unit: str
    clause: Clause | None = None
    """Its definition, where the preset does not give one."""

    @property
    def label(self) -> str:
        """Its name in tables and in training.monitor."""
        return self.id.label


def labelled_metrics(preset: Preset, specs: Sequence[MetricSpec] = ()) -> tuple[LabelledMetric, ...]:
    """The metrics of the preset, then those of `specs`. Raises UsageError: unknown, of another modality, repeated."""
    found = {name: LabelledMetric(MetricId(name), preset.metric(name), preset.unit(name)) for name in preset.metrics}
    for spec in specs:
        metric = _added(preset, *name_and_settings(spec))
        if metric.label in found:
            raise UsageError(f"metric {metric.label}", "is measured already", "name it once")
        found[metric.label] = metric
    return tuple(found.values())


def name_and_settings(spec: MetricSpec) -> tuple[str, dict[str, Any]]:
    """Raises UsageError where no metric is named."""
    settings = dict(spec) if isinstance(spec, Mapping) else {"name": spec}
    name = settings.pop("name", None)
    if not isinstance(name, str):
        raise UsageError("metrics", f"{spec!r} names no metric", "for example nmi, or {name: nmi, bins: 32}")
    return name, settings


def clause_of(subject: str, metric: Metric) -> Clause:
    """Definition of a metric: the first line of its file, and all its settings."""
    first = (sys.modules[type(metric).__module__].__doc__ or "").partition("\n")[0]
    settings = metric.to_dict()
    words = ", ".join(f"{key} {_plain(value)}" for key, value in settings.items())
    return Clause(subject, first + (f" Settings: {words}." if words else ""), settings)


def _added(preset: Preset, name: str, settings: Mapping[str, Any]) -> LabelledMetric:
    for family, kind_of, advice in OTHER_FAMILIES:
        if name in family.names():
            raise UsageError(f"metric {name}", f"is a {kind_of}", advice)
    kind = load(name)
    if kind.modality not in ("", preset.modality):
        fitting = ", ".join(other.name for other in PRESETS.values() if other.modality == kind.modality)
        what = f"is for {kind.modality} only, the preset {preset.name} is for {preset.modality}"
        raise UsageError(f"metric {name}", what, f"leave it out, or take a preset for {kind.modality}: {fitting}")
    metric = preset.metric(name, settings)
    identity = MetricId(name, _changed(metric, preset.metric(name)))
    return LabelledMetric(identity, metric, preset.unit(name), clause_of(identity.label, metric))


def _changed(metric: ImageMetric, default: ImageMetric) -> tuple[tuple[str, str], ...]:
    """Settings that differ from the default, as text."""
    defaults = default.to_dict()
    return tuple((key, _short(value)) for key, value in metric.to_dict().items() if value != defaults[key])


def _short(value: Any) -> str:
    text = _plain(value).replace(" ", "")
    return text if len(text) <= MAX_SETTING_LENGTH else "#" + hashlib.sha256(text.encode()).hexdigest()[:6]


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
