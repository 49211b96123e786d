"""Distances of two sets with all that changes them, in words for the shell, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from medtrans.core.strict_json import to_strict_json
from medtrans.evaluating.distribution.distances import Distance


@dataclass(frozen=True)
class DistanceResults:
    """Distances, what they mean, and the volumes that could not be assessed (path → why)."""

    meaning: Mapping[str, Any]
    distances: Sequence[Distance]
    warnings: Sequence[str]
    refused: Mapping[str, str]

    def to_json(self) -> str:
        found = [asdict(distance) for distance in self.distances]
        document = {"definition": self.meaning, "distances": found, "warnings": self.warnings}
        return to_strict_json({**document, "not_assessed": self.refused})

    def to_csv(self) -> bytes:
        """One row per metric, the definition repeated in each."""
        text = io.StringIO()
        rows = [{**_flat(distance), **self.meaning} for distance in self.distances]
        table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        return text.getvalue().encode()

    def to_text(self) -> str:
        """A table for the shell, and below it what the numbers mean."""
        half = f"{self.meaning['volumes of a half']} of each"
        width = max(len(distance.metric) for distance in self.distances)
        lines = [f"{'':{width}}  {'all':>9}  {'p':>6}  {f'made, {half}':>28}  {f'real, {half}':>28}"]
        for d in self.distances:
            p = "" if d.p != d.p else f"{d.p:.3f}"
            made, real = (f"{s.mean:.3f} ({s.low:.3f} … {s.high:.3f})" for s in (d.made, d.real))
            lines.append(f"{d.metric:{width}}  {d.value:9.3f}  {p:>6}  {made:>28}  {real:>28}  {d.direction} is better")
        told = [f"{name}: {value}" for name, value in self.meaning.items()]
        notes = [f"{distance.metric}: {distance.note}" for distance in self.distances if distance.note]
        return "\n".join([*lines, "", *told, *(f"warning: {said}" for said in [*self.warnings, *notes])]) + "\n"


def _flat(distance: Distance) -> dict[str, Any]:
    """Columns: a spread becomes three."""
    flat: dict[str, Any] = {}
    for name, value in asdict(distance).items():
        if isinstance(value, dict):
            flat |= {f"{name} halves {word}": number for word, number in value.items()}
        else:
            flat[name] = value
    return flat
