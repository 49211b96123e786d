"""Results of a distance measurement, with every setting they depend on: text, JSON and CSV."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from medtrans.core.finding import Finding
from medtrans.core.strict_json import to_strict_json
from medtrans.core.tables import text_table, to_csv
from medtrans.evaluating.distribution.distances import Distance, HalvesRange


@dataclass(frozen=True)
class DistanceResults:
    """Distances, the settings that define them, and the volumes that could not be read (path → finding)."""

    meaning: Mapping[str, Any]
    distances: Sequence[Distance]
    findings: Sequence[Finding]
    failed: Mapping[str, Finding]

    def to_json(self) -> str:
        """Strict JSON: nan is null."""
        document = {
            "definition": self.meaning,
            "distances": [{**asdict(one), "metric": one.metric.to_dict()} for one in self.distances],
            "findings": [finding.to_dict() for finding in self.findings],
            "failed": {path: finding.to_dict() for path, finding in self.failed.items()},
        }
        return to_strict_json(document)

    def to_csv(self) -> bytes:
        """One row per metric, the definition repeated in each."""
        return to_csv([{**_row(distance), **self.meaning} for distance in self.distances])

    def to_text(self) -> str:
        """A table for the terminal, and below it the definition of the numbers."""
        half = f"{self.meaning['volumes of a half']} of each"
        rows = [
            {
                "": str(one.metric),
                "all": f"{one.value:.3f}",
                "p": "" if math.isnan(one.p) else f"{one.p:.3f}",
                f"generated, {half}": _words(one.generated),
                f"real, {half}": _words(one.real),
                "better": one.direction,
            }
            for one in self.distances
        ]
        meaning = [f"{name}: {value}" for name, value in self.meaning.items()]
        notes = [f"note on {one.metric}: {one.note}" for one in self.distances if one.note]
        return "\n".join([text_table(rows), "", *meaning, *notes]) + "\n"


def _words(values: HalvesRange) -> str:
    return f"{values.mean:.3f} ({values.low:.3f} … {values.high:.3f})"


def _row(distance: Distance) -> dict[str, Any]:
    """Columns: a range becomes three."""
    row: dict[str, Any] = {"metric": str(distance.metric), "direction": distance.direction}
    row |= {"value": distance.value, "p": distance.p}
    for name, values in (("generated", distance.generated), ("real", distance.real)):
        row |= {f"{name} halves {word}": number for word, number in asdict(values).items()}
    return row | {"note": distance.note}
