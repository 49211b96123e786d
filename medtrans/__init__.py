"""medtrans translates biomedical images and says how far to trust the result.

The path of the data: reading → preparing → training → translating → evaluating → reporting.
To add something look into the plurals: phantoms, networks, losses, methods, metrics.

    from medtrans import Translator, read_volume, write_volume

    translator = Translator.load("runs/mri_to_ct/model")
    write_volume(translator(read_volume("mr.nii.gz")), "ct.nii.gz")
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Volume": "medtrans.core.volume",
    "Case": "medtrans.core.case",
    "MedtransError": "medtrans.core.errors",
    "read_volume": "medtrans.reading.volumes",
    "write_volume": "medtrans.reading.volumes",
    "Translator": "medtrans.translating.translator",
    "Ensemble": "medtrans.translating.ensemble",
    "evaluate": "medtrans.evaluating.scoring",
    "load_recipe": "medtrans.recipe",
    "run": "medtrans.stages.run",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    """Import public names when first used: `medtrans --help` must not wait for torch."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'medtrans' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
