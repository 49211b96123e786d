"""Volumes of a folder that are left out of a batch: masks, label maps and standard deviations, known by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from medtrans.batching.outcome import Outcome
from medtrans.core.finding import Finding
from medtrans.reading.names import UNCERTAINTY, stem

LABELS = re.compile(r"(?:^|[_-])(?:mask|seg|dseg|labels?|labelmap|lesions?|roi)$", re.IGNORECASE)
"""End of the stem of a mask or label map."""
WHAT = "is a mask, a label map or a standard deviation by its name, and is left out"
ADVICE = "to translate it, give it alone as the input"


def not_images(volumes: Sequence[Path]) -> list[Path]:
    """What is no image among the volumes of folders; empty where they are nothing else."""
    folders: dict[Path, set[str]] = {}
    for volume in volumes:
        folders.setdefault(volume.parent, set()).add(stem(volume))
    found = [
        volume
        for volume in volumes
        if LABELS.search(stem(volume)) or _is_deviation(stem(volume), folders[volume.parent])
    ]
    return found if len(found) < len(volumes) else []


def left_out_outcomes(volumes: Sequence[Path]) -> list[Outcome]:
    """One outcome, with a note, for each volume that is not translated."""
    return [
        Outcome(
            stem(volume),
            "left out",
            WHAT,
            findings=(Finding(code="left-out", severity="note", where=str(volume), what=WHAT, advice=ADVICE),),
        )
        for volume in volumes
    ]


def _is_deviation(name: str, names: set[str]) -> bool:
    return name.endswith(UNCERTAINTY) and name.removesuffix(UNCERTAINTY) in names
