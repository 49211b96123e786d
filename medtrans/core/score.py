"""Scores and their meaning: MetricId, Score, Clause, Definition, and an Evaluation as JSON and back.

Two definitions are compared field by field, never by their sentences.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from medtrans.core.finding import Finding
from medtrans.core.measurement import Measurement, Structure
from medtrans.core.strict_json import to_number, to_strict_json

Direction = Literal["higher", "lower"]
TRANSLATED = "translated"
"""The system that is evaluated; every other system among scores is a baseline."""


@dataclass(frozen=True, order=True)
class MetricId:
    """A metric: its name, the settings that differ from the defaults, and the region or class it is taken over."""

    name: str
    settings: tuple[tuple[str, str], ...] = ()
    """(key, value as text), in the order of the settings of the metric."""
    region: str = ""
    """A class of a label map ("liver"), "mean" over classes, or empty for the region of the definition."""

    @property
    def label(self) -> str:
        """Column heading: "tissue_error[tissue=bone]", "dice[liver]"."""
        inside = [f"{key}={value}" for key, value in self.settings] + ([self.region] if self.region else [])
        return f"{self.name}[{','.join(inside)}]" if inside else self.name

    def __str__(self) -> str:
        return self.label

    @classmethod
    def from_label(cls, label: str) -> Self:
        """The metric of a column heading, as in journal.csv: the inverse of `label` for settings of one value each."""
        name, _, inside = label.removesuffix("]").partition("[")
        parts = [part.partition("=") for part in inside.split(",") if part]
        settings = tuple((key, value) for key, equals, value in parts if equals)
        return cls(name, settings, next((key for key, equals, _ in parts if not equals), ""))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"name": self.name, "settings": dict(self.settings), "region": self.region}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        return cls(values["name"], tuple(values.get("settings", {}).items()), values.get("region", ""))


@dataclass(frozen=True)
class Score:
    """One number of one case. `system` is what was scored: "translated", or the name of a baseline.

    `value` is nan where it could not be computed; `note` then gives the reason.
    """

    case: str
    subject: str
    system: str
    metric: MetricId
    value: float
    unit: str = ""
    direction: Direction = "lower"
    note: str = ""


@dataclass(frozen=True)
class Clause:
    """One choice that changes a number: its subject ("psnr", "target normalisation"), text and values."""

    subject: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """One line for the terminal and the report."""
        return f"{self.subject}: {self.text}"


@dataclass(frozen=True)
class Definition:
    """The meaning of a set of scores. Scores of different definitions are never compared."""

    preset: str
    modality: str
    value_range: tuple[float, float]
    data_range: float
    region: str
    """Which voxels count, in words."""
    clauses: tuple[Clause, ...] = ()

    def differences(self, other: Definition) -> list[str]:
        """Names of the fields and clauses that differ; empty where scores may be compared."""
        names = ("preset", "modality", "value_range", "data_range", "region")
        fields = [name for name in names if getattr(self, name) != getattr(other, name)]
        mine, theirs = ({clause.subject: clause for clause in each.clauses} for each in (self, other))
        clauses = [key for key in dict.fromkeys([*mine, *theirs]) if mine.get(key) != theirs.get(key)]
        return [*fields, *clauses]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "value_range": list(self.value_range), "clauses": [asdict(one) for one in self.clauses]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`."""
        low, high = map(to_number, values["value_range"])
        clauses = tuple(Clause(**clause) for clause in values["clauses"])
        known = {**values, "value_range": (low, high), "data_range": to_number(values["data_range"])}
        return cls(**{**known, "clauses": clauses})


@dataclass(frozen=True)
class Evaluation:
    """Scores of a set of translations, their definition, and the cases that could not be scored (name → finding)."""

    definition: Definition
    scores: Sequence[Score] = ()
    failed: Mapping[str, Finding] = field(default_factory=dict)
    structures: Sequence[Structure] = ()
    """Classes of the label maps, where a segmenter or label maps were given."""
    measurements: Sequence[Measurement] = ()
    """Quantities of targets and translations, for agreement."""
    input_hashes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Case → hashes of the voxels of its target and of its mask."""
    findings: Sequence[Finding] = ()
    """Reservations about scored cases, and cases that were not to be scored."""
    primary: Sequence[str] = ()
    """Labels of the metrics that are tested, named in advance; empty for the first of the preset."""
    scanners: Mapping[str, str] = field(default_factory=dict)
    """Case → the scanner that the table of cases names; without those that it does not."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values; metrics are described once, and scores refer to them by label."""
        metrics = {
            score.metric.label: {**score.metric.to_dict(), "unit": score.unit, "direction": score.direction}
            for score in self.scores
        }
        return {
            "definition": self.definition.to_dict(),
            "metrics": metrics,
            "primary": list(self.primary),
            "cases": self._cases(),
            "failed": {case: finding.to_dict() for case, finding in self.failed.items()},
            "findings": [finding.to_dict() for finding in self.findings],
            "structures": [asdict(one) for one in self.structures],
            "measurements": [asdict(one) for one in self.measurements],
        }

    def to_json(self, **more: Any) -> str:
        """Strict JSON, with further keys such as a summary: nan is null, infinity the string "inf"."""
        return to_strict_json({**self.to_dict(), **more})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The inverse of `to_json`; further keys are ignored."""
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`; further keys are ignored."""
        return cls(
            definition=Definition.from_dict(document["definition"]),
            scores=tuple(_scores(document)),
            failed={case: Finding.from_dict(values) for case, values in document.get("failed", {}).items()},
            structures=tuple(Structure(**_numbers(Structure, one)) for one in document.get("structures", ())),
            measurements=tuple(Measurement(**_numbers(Measurement, one)) for one in document.get("measurements", ())),
            input_hashes={one["name"]: one["input_hashes"] for one in document["cases"] if "input_hashes" in one},
            findings=tuple(map(Finding.from_dict, document.get("findings", ()))),
            primary=tuple(document.get("primary", ())),
            scanners={one["name"]: one["scanner"] for one in document["cases"] if "scanner" in one},
        )

    def _cases(self) -> list[dict[str, Any]]:
        cases: dict[str, dict[str, Any]] = {}
        for score in self.scores:
            case = cases.setdefault(score.case, {"name": score.case, "subject": score.subject, "scores": {}})
            if score.case in self.input_hashes:
                case["input_hashes"] = dict(self.input_hashes[score.case])
            if score.case in self.scanners:
                case["scanner"] = self.scanners[score.case]
            if score.system != TRANSLATED:
                case = case.setdefault("baselines", {}).setdefault(score.system, {"scores": {}})
            case["scores"][score.metric.label] = score.value
            if score.note:
                case.setdefault("notes", {})[score.metric.label] = score.note
        return list(cases.values())


def _scores(document: Mapping[str, Any]) -> Iterator[Score]:
    metrics = document["metrics"]
    for case in document["cases"]:
        for system, found in [(TRANSLATED, case), *case.get("baselines", {}).items()]:
            for label, value in found["scores"].items():
                metric, note = metrics[label], found.get("notes", {}).get(label, "")
                facts = metric["unit"], metric["direction"], note
                yield Score(case["name"], case["subject"], system, MetricId.from_dict(metric), to_number(value), *facts)


def _numbers(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with null and "inf" as the numbers they stand for."""
    floats = {name for name, hint in kind.__annotations__.items() if hint == "float"}
    return {key: to_number(value) if key in floats else value for key, value in values.items()}
