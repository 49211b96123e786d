"""Which numbers of a label map are which structures: TotalSegmentator's by name, others from a table.

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
from medtrans.reading.files import read_bytes

Classes = Mapping[str, tuple[int, ...]]
"""Name of a structure → its numbers in a label map."""

LARGEST = 1 << 20
TOTAL: dict[int, str] = yaml.safe_load(read_bytes(Path(__file__).with_suffix(".yaml"), LARGEST))
"""Number → name."""
_LUNGS, _SPINE, _CHEST = range(10, 15), (*range(26, 51), 79), range(92, 117)
GROUPS: dict[str, tuple[int, ...]] = {
    "AB": (2, 3, 5, 6, *_LUNGS, *_SPINE, *_CHEST),
    "HN": (*_SPINE, 90, 91),
    "TH": (5, 6, *_LUNGS, *_SPINE, *_CHEST),
    "total": tuple(TOTAL),
}
"""Names that stand for some of them, or for all."""
TAKEN = ("mean", "missed", "invented")


def find_classes(asked: str) -> Classes:
    """Of a group's name, a YAML or JSON file, or such a table itself: `liver: 5` or `kidneys: [2, 3]` on each line.

    Raises UsageError, InputRefused.
    """
    if asked in GROUPS:
        return {TOTAL[number]: (number,) for number in GROUPS[asked]}
    where = asked
    if ":" not in asked or Path(asked).is_file():
        if not Path(asked).is_file():
            raise UsageError("classes", f"{asked!r} is neither a group nor a file", did_you_mean(asked, GROUPS))
        asked = read_bytes(asked, LARGEST).decode(errors="replace")
    try:
        return checked(yaml.safe_load(asked), where)
    except yaml.YAMLError as reason:
        raise UsageError(where, "is no table of classes", "write {name: number, …} in YAML or JSON") from reason


def checked(table: Any, where: str) -> Classes:
    """Name → number or numbers, as plain values give them. Raises UsageError."""
    if not isinstance(table, Mapping) or not table:
        raise UsageError(where, "is no table of classes", "write {name: number, …} in YAML or JSON")
    found = {str(name): tuple(value) if isinstance(value, (list, tuple)) else (value,) for name, value in table.items()}
    seen: dict[int, str] = {}
    for name, numbers in found.items():
        if not numbers or any(type(number) is not int or number < 1 for number in numbers):
            raise UsageError(where, f"{name} is {table[name]!r}", "give whole numbers from 1; 0 is background")
        if name in TAKEN or "[" in name:
            raise UsageError(where, f"a class cannot be called {name!r}", "give it another name")
        for number in numbers:
            if number in seen:
                raise UsageError(where, f"{number} is both {seen[number]} and {name}", "give each number one name")
            seen[number] = name
    return found
