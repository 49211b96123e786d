"""Provenance of a translated volume: what its sidecar says, whoever writes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from medtrans import __version__
from medtrans.core.digest import digest
from medtrans.core.finding import Finding
from medtrans.core.synthetic import NOTICE, SYNTHETIC
from medtrans.core.timestamps import now
from medtrans.core.volume import Volume
from medtrans.models.engines import EngineUsed
from medtrans.preparing.intensity_scale import SIDECAR_KEY
from medtrans.translating.translation import Translation
from medtrans.translating.window_borders import window_borders

if TYPE_CHECKING:
    from medtrans.translating.ensemble import AnyTranslator


@dataclass(frozen=True, eq=False)
class Provenance:
    """The translator of a volume, and what it found; without voxels."""

    translation: Translation
    translator: AnyTranslator
    inputs: tuple[Mapping[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the sidecar; where the files are known, they are added to it."""
        translation, translator = self.translation, self.translator
        own_unit = translation.agreement or translation.sampled
        first = translator.members[0]  # The members of an ensemble write on one scale.
        return {
            SYNTHETIC: True,
            "notice": NOTICE,
            "medtrans": __version__,
            "created": now(),
            "model": _model(translator),
            "inputs": [dict(each) for each in self.inputs],
            "output": {
                "modality": translation.modality.name,
                "unit": translation.modality.unit,
                "type": str(translation.volume.voxels.dtype),
                SIDECAR_KEY: [] if own_unit else list(first.preparation.target_percentiles),
            },
            "uncertainty": {"samples": translation.samples} if translation.uncertainty is not None else None,
            "body": {**translation.body.to_dict(), "mask": None} if translation.body else None,
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


def with_provenance(translation: Translation, translator: AnyTranslator, source: Volume | None) -> Translation:
    """The translation whose volumes know that a model computed them.

    `source` is the volume that was translated, where no file of it is known: it is named by a hash of its voxels.
    """
    empty = replace(translation, volume=_without_voxels(translation.volume))
    if translation.uncertainty is not None:
        empty = replace(empty, uncertainty=_without_voxels(translation.uncertainty))
    inputs = () if source is None else ({"voxels_sha256": _voxels_hash(source)},)
    known = Provenance(empty, translator, inputs)
    uncertainty = translation.uncertainty and replace(translation.uncertainty, provenance=known)
    return replace(translation, volume=replace(translation.volume, provenance=known), uncertainty=uncertainty)


def _without_voxels(volume: Volume) -> Volume:
    """Its grid and its type, in no memory."""
    return volume.like(np.broadcast_to(np.zeros((), volume.voxels.dtype), volume.voxels.shape))


def _voxels_hash(volume: Volume) -> str:
    """SHA-256 of voxels (in the order of NumPy) and affine."""
    hashed = hashlib.sha256(np.ascontiguousarray(volume.voxels).data)
    hashed.update(volume.affine.tobytes())
    return hashed.hexdigest()


def _model(translator: AnyTranslator) -> dict[str, Any]:
    """Name, hash and settings of a model; of an ensemble, those of each member."""
    identity = translator.identity
    facts: dict[str, Any] = {"name": identity.name, "sha256": identity.sha256}
    if len(translator.members) > 1:
        return {**facts, "mean_of": [_model(member) for member in translator.members]}
    [member] = translator.members
    return {
        **facts,
        "medtrans": identity.config.get("medtrans", __version__),
        "recipe_sha256": identity.config.get("card", {}).get("recipe_sha256", ""),
        "preparation_sha256": digest(member.preparation.to_dict()),
        "settings": translator.resolved_settings,
    }


def _engine(used: EngineUsed, unit: str) -> dict[str, Any]:
    """What computed the networks; its difference from torch in float32, unless it was that."""
    facts = asdict(used)
    if used.largest_difference is None:
        return {key: facts[key] for key in ("name", "version", "precision", "reason") if facts[key]}
    return {key: value for key, value in {**facts, "unit": unit}.items() if value != ""}


def _without_folder(finding: Finding) -> Finding:
    """The names of folders may hold the name of a patient."""
    return replace(finding, where=Path(finding.where).name)
