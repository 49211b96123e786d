"""Volumes of a folder that are left out of a batch: masks, label maps and standard deviations, known by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from medtrans.batching.outcome import Outcome
from medtrans.batching.plan import Inputs
from medtrans.core.finding import Finding
from medtrans.reading.names import UNCERTAINTY, stem
from medtrans.reading.volumes import is_volume, volumes_in
from medtrans.translating.ensemble import AnyTranslator

LABELS = re.compile(r"(?:^|[_-])(?:mask|seg|dseg|labels?|labelmap|lesions?|roi)$", re.IGNORECASE)
"""End of the stem of a mask or label map."""
WHAT = "is a mask, a label map or a standard deviation by its name, and is left out"
ADVICE = "to translate it, give it alone as the input"


def not_images(inputs: Inputs, translator: AnyTranslator) -> list[Path]:
    """What is no image in a folder of inputs; empty where the folder holds nothing else.

    A model whose sources are label maps takes them all.
    """
    if translator.members[0].preparation.source_modality == "labels" or not isinstance(inputs, (str, Path)):
        return []
    folder = Path(inputs)
    if not folder.is_dir() or is_volume(folder):
        return []
    volumes = volumes_in(folder)
    names = {stem(volume) for volume in volumes}
    found = [volume for volume in volumes if LABELS.search(stem(volume)) or _is_deviation(stem(volume), names)]
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
