"""medtrans translates biomedical images and says how far to trust the result.

The path of the data: reading → preparing → training → translating → evaluating → reporting.
To add something look into the plurals: phantoms, degradations, networks, losses, methods, metrics.

    from medtrans import load_translator, read_volume, write_volume

    translator = load_translator("head-mr-to-ct")
    write_volume(translator(read_volume("mr.nii.gz")), "ct.nii.gz")
"""

from __future__ import annotations

import importlib
import logging
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    # Files, as on the command line.
    "run": "medtrans.stages.run",
    "translate": "medtrans.stages.translate",
    "translate_folder": "medtrans.stages.translate",
    "evaluate": "medtrans.stages.evaluate",
    "check": "medtrans.stages.check",
    "Recipe": "medtrans.recipe",
    "load_recipe": "medtrans.recipe",
    # Volumes.
    "Volume": "medtrans.core.volume",
    "read_volume": "medtrans.reading.volumes",
    "write_volume": "medtrans.reading.volumes",
    "Translator": "medtrans.translating.translator",
    "load_translator": "medtrans.translating.ensemble",
    "Ensemble": "medtrans.translating.ensemble",
    # Records.
    "Case": "medtrans.core.case",
    "Modality": "medtrans.core.modality",
    "Finding": "medtrans.core.finding",
    "Verdict": "medtrans.core.finding",
    "Score": "medtrans.core.score",
    "Evaluation": "medtrans.core.score",
    "Outcome": "medtrans.batching.outcome",
    # Errors.
    "MedtransError": "medtrans.core.errors",
    "UsageError": "medtrans.core.errors",
    "InputRefused": "medtrans.core.errors",
    "GridMismatch": "medtrans.core.errors",
    "EmptyMask": "medtrans.core.errors",
    "ModelRefused": "medtrans.core.errors",
    "EnvironmentRefused": "medtrans.core.errors",
    # Parts to add.
    "Settings": "medtrans.core.settings",
    "Method": "medtrans.core.method",
    "Metric": "medtrans.core.metric",
    "Degradation": "medtrans.core.degradation",
    "NetworkSettings": "medtrans.networks",
}
"""Public name → the module that defines it."""

logging.getLogger("medtrans").addHandler(logging.NullHandler())

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    """Public names are imported when first used: `import medtrans` does not import torch."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'medtrans' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
