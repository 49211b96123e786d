"""Sidecar: a JSON file beside every translated volume with its model, its inputs, its settings and its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from medtrans import __version__
from medtrans.batching.ledger import now
from medtrans.core.digest import digest
from medtrans.core.finding import Finding
from medtrans.core.sealed_json import seal
from medtrans.models.engines import EngineUsed
from medtrans.preparing.intensity_scale import SIDECAR_KEY
from medtrans.translating.ensemble import AnyTranslator, Ensemble
from medtrans.translating.translation import Translation
from medtrans.translating.window_borders import window_borders

NOTICE = "Computed by a model, not measured. Do not base a diagnosis or a treatment on it alone."
DESCRIPTION = f"SYNTHETIC medtrans {__version__}"
"""The field `descrip` of the NIfTI header."""


def sidecar(
    translation: Translation,
    translator: AnyTranslator,
    inputs: Sequence[tuple[str, str]],
    outputs: Sequence[tuple[str, str]],
    mask: tuple[str, str] | None = None,
    mask_label: int | None = None,
    series: Mapping[str, Any] | None = None,
) -> bytes:
    """Provenance of a translation as JSON. `inputs`, `outputs`, `mask`: name and SHA-256; folders are not named.

    `outputs` are the translated volume and, where it has one, its standard deviation; `series` are facts on the DICOM
    series.
    """
    own_unit = translation.agreement or translation.sampled
    first = translator.members[0]  # The members of an ensemble write on one scale.
    facts: dict[str, Any] = {
        "SYNTHETIC": True,
        "notice": NOTICE,
        "medtrans": __version__,
        "created": now(),
        "model": _model(translator),
        "inputs": [_file(*each) for each in inputs],
        "output": {
            **_file(*outputs[0]),
            "modality": translation.modality.name,
            "unit": translation.modality.unit,
            "type": str(translation.volume.voxels.dtype),
            SIDECAR_KEY: [] if own_unit else list(first.preparation.target_percentiles),
        },
        **({"dicom": dict(series)} if series else {}),
        "uncertainty": _uncertainty(translation, outputs[1:]),
        "body": _body(translation, mask, mask_label),
        **({"data_consistency": asdict(translation.agreement)} if translation.agreement else {}),
        **({"posterior_sampling": asdict(translation.sampled)} if translation.sampled else {}),
        "window_borders": window_borders(translator, translation.volume),
        "device": str(translator.device),
        "engines": [_engine(used, translation.modality.unit) for used in translation.engines],
        "findings": [_without_folder(finding).to_dict() for finding in translation.findings],
        "clipped_fraction": translation.clipped_fraction,
        "seconds": round(translation.seconds, 3),
        "torch": torch.__version__,
    }
    return seal(facts)


def _model(translator: AnyTranslator) -> dict[str, Any]:
    """Name, hash and settings of a model; of an ensemble, those of each member."""
    identity = translator.identity
    facts: dict[str, Any] = {"name": identity.name, "sha256": identity.sha256}
    if isinstance(translator, Ensemble):
        return {**facts, "mean_of": [_model(member) for member in translator.members]}
    return {
        **facts,
        "medtrans": identity.config.get("medtrans", __version__),
        "recipe_sha256": identity.config.get("card", {}).get("recipe_sha256", ""),
        "preparation_sha256": digest(translator.preparation.to_dict()),
        "settings": translator.resolved_settings,
    }


def _engine(used: EngineUsed, unit: str) -> dict[str, Any]:
    """What computed the networks; its difference from torch in float32, unless it was that."""
    facts = asdict(used)
    if used.largest_difference is None:
        return {key: facts[key] for key in ("name", "version", "precision", "reason") if facts[key]}
    return {key: value for key, value in {**facts, "unit": unit}.items() if value != ""}


def _uncertainty(translation: Translation, files: Sequence[tuple[str, str]]) -> dict[str, Any] | None:
    """The file of standard deviations and the number of samples behind it; None for a single sample."""
    if translation.uncertainty is None:
        return None
    return {**_file(*files[0]), "samples": translation.samples}


def _body(translation: Translation, mask: tuple[str, str] | None, label: int | None) -> dict[str, Any] | None:
    """Where air was written: outside of a mask or of the body that was found; None where nowhere."""
    if translation.body is None:
        return None
    facts = {**_file(*mask), **({"label": label} if label is not None else {})} if mask else None
    return {**translation.body.to_dict(), "mask": facts}


def _file(name: str, sha256: str) -> dict[str, str]:
    return {"file": name, "sha256": sha256}


def _without_folder(finding: Finding) -> Finding:
    """The names of folders may hold the name of a patient."""
    return replace(finding, where=Path(finding.where).name)
