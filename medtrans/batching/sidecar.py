"""The page that goes with every translated file: what it is, what made it, and out of what."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from medtrans import __version__
from medtrans.batching.ledger import now
from medtrans.core.digest import digest
from medtrans.reading.files import stem
from medtrans.translating.ensemble import AnyTranslator, Ensemble
from medtrans.translating.translator import Translation

NOTICE = "Computed by a model, not measured. Do not base a diagnosis or a treatment on it alone."
DESCRIPTION = f"SYNTHETIC medtrans {__version__}"
"""What stands in the NIfTI header's `descrip`."""


def sidecar_path(output: Path) -> Path:
    """`ct.json` beside `ct.nii.gz`."""
    return output.with_name(stem(output) + ".json")


def sidecar(
    translation: Translation,
    translator: AnyTranslator,
    inputs: Sequence[tuple[str, str]],
    output: tuple[str, str],
) -> bytes:
    """JSON of all that a translation came from. `inputs`, `output`: name and SHA-256; no folders are named."""
    facts: dict[str, Any] = {
        "SYNTHETIC": True,
        "notice": NOTICE,
        "medtrans": __version__,
        "created": now(),
        "model": _model(translator),
        "inputs": [_file(*each) for each in inputs],
        "output": {**_file(*output), "unit": translation.unit, "type": str(translation.volume.voxels.dtype)},
        "device": str(translator.device),
        "warnings": list(translation.warnings),
        "clipped_fraction": translation.clipped_fraction,
        "seconds": round(translation.seconds, 3),
        "torch": torch.__version__,
    }
    return (json.dumps(facts, indent=1) + "\n").encode()


def _model(translator: AnyTranslator) -> dict[str, Any]:
    """What a translator is; of an ensemble, what each of its members is."""
    identity = translator.identity
    facts: dict[str, Any] = {"name": identity.name, "sha256": identity.sha256}
    if isinstance(translator, Ensemble):
        return {**facts, "mean_of": [_model(member) for member in translator.members]}
    return {
        **facts,
        "medtrans": identity.config.get("medtrans", __version__),
        "recipe_sha256": identity.config.get("card", {}).get("recipe_sha256", ""),
        "preparation_sha256": digest(translator.preparation.to_dict()),
        "settings": translator.asked,
    }


def _file(name: str, sha256: str) -> dict[str, str]:
    return {"file": name, "sha256": sha256}
