"""Classes of a label map: the numbers of each structure, TotalSegmentator's by name, others from a table.

TotalSegmentator v2, task `total`: Wasserthal et al. 2023, https://doi.org/10.1148/ryai.230024; the numbers are those of
its repository, https://github.com/wasserth/TotalSegmentator, totalsegmentator/map_to_binary.py (commit 0275d30). The
groups AB, HN and TH are those that the SynthRAD2025 challenge scores in abdomen, head and neck, and thorax:
https://github.com/SynthRAD2025/evaluation, segmentation_metrics.py (commit 921b42b).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from medtrans.core.errors import UsageError
from medtrans.core.suggestions import did_you_mean
from medtrans.reading.storage import read_bytes

Classes = Mapping[str, tuple[int, ...]]
"""Name of a structure → its numbers in a label map."""

MAX_BYTES = 1 << 20
TOTAL: dict[int, str] = yaml.safe_load(read_bytes(Path(__file__).with_suffix(".yaml"), MAX_BYTES))
"""Number → name."""
_LUNGS, _SPINE, _CHEST = range(10, 15), (*range(26, 51), 79), range(92, 117)
GROUPS: dict[str, tuple[int, ...]] = {
    "AB": (2, 3, 5, 6, *_LUNGS, *_SPINE, *_CHEST),
    "HN": (*_SPINE, 90, 91),
    "TH": (5, 6, *_LUNGS, *_SPINE, *_CHEST),
    "total": tuple(TOTAL),
}
"""Names of groups of these classes, or of all."""
RESERVED = ("mean", "missed", "invented")
"""Names that have a meaning of their own in tables."""
LARGEST = (1 << 31) - 1
"""Number of a label map."""


def find_classes(labels: str) -> Classes:
    """Classes of a group's name, of a YAML or JSON file, or of such a table itself: `{liver: 5, kidneys: [2, 3]}`.

    Raises UsageError, InputRefused.
    """
    if labels in GROUPS:
        return {TOTAL[number]: (number,) for number in GROUPS[labels]}
    text = labels
    if ":" not in labels or Path(labels).is_file():
        if not Path(labels).is_file():
            raise UsageError("labels", f"{labels!r} is neither a group nor a file", did_you_mean(labels, GROUPS))
        text = read_bytes(labels, MAX_BYTES).decode(errors="replace")
    try:
        return checked(yaml.safe_load(text), labels)
    except yaml.YAMLError as reason:
        raise UsageError(labels, "is no table of labels", "write {name: number, …} in YAML or JSON") from reason


def checked(table: Any, where: str) -> Classes:
    """Classes of a table of plain values, name → number or numbers. Raises UsageError."""
    if not isinstance(table, Mapping) or not table:
        raise UsageError(where, "is no table of labels", "write {name: number, …} in YAML or JSON")
    found = {str(name): tuple(value) if isinstance(value, (list, tuple)) else (value,) for name, value in table.items()}
    names: dict[int, str] = {}
    for name, numbers in found.items():
        if not numbers or any(type(number) is not int or not 1 <= number <= LARGEST for number in numbers):
            raise UsageError(where, f"{name} is {table[name]!r}", "give whole numbers from 1; 0 is background")
        if name in RESERVED or "[" in name:
            raise UsageError(where, f"a class cannot be called {name!r}", "give it another name")
        for number in numbers:
            if number in names:
                raise UsageError(where, f"{number} is both {names[number]} and {name}", "give each number one name")
            names[number] = name
    return found
