"""MONAI bundle, https://docs.monai.io/en/stable/mb_specification.html: a model folder with MONAI's configuration.

    configs/metadata.json      what goes into the network and comes out, versions, licence
    configs/inference.json     network_def, and `run`, which translates a file as medtrans does
    models/NAME/               the model folders, with weights as safetensors
    docs/README.md             the model card

Preparation and windows are those of medtrans, which the bundle requires: MONAI's transforms do not find the body in
which intensities are normalised. There is no models/model.pt, since a pickle is code: `network_def` loads safetensors.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from medtrans import __version__
from medtrans.core.errors import ModelRefused
from medtrans.exporting.archive import model_files
from medtrans.exporting.description import divisors, space
from medtrans.models.config import CARD
from medtrans.models.engines import Network, Predict
from medtrans.models.folder import load_model
from medtrans.reading.memory import is_out_of_memory
from medtrans.reading.storage import write_atomically
from medtrans.translating.translator import Translator

SCHEMA = "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
"""The schema that `monai.bundle verify_metadata` downloads, unless its --filepath exists."""
METADATA, INFERENCE = Path("configs/metadata.json"), Path("configs/inference.json")
SIZES = {"p": 1, "n": 4, "any": 1}
"""Of the window by which MONAI verifies the network: n times the divisor on each side."""


def write_bundle(
    name: str,
    folders: Mapping[str, Path],
    members: Mapping[str, Translator],
    conditions: Mapping[str, float],
    place: Path,
) -> None:
    """Write the bundle of some models into `place`, and let MONAI verify its network.

    `folders` and `members`: name of a member → model folder, model. Raises ModelRefused.
    """
    first = next(iter(folders))
    for member, folder in folders.items():
        for file, data in model_files(folder).items():
            write_atomically(place / "models" / member / file, data)
    cards = [text for text in (model_files(folder).get(CARD) for folder in folders.values()) if text]
    write_atomically(place / "docs/README.md", b"\n".join(cards) or name.encode())
    licence = _declared(members[first], "licence")
    write_atomically(place / "docs/license.txt", f"{licence}\n".encode())
    write_atomically(place / METADATA, _json(_metadata(name, members[first], licence)))
    write_atomically(place / INFERENCE, _json(_inference(first, conditions)))
    _verify(name, place)


def load_network(folder: str | Path, conditions: Mapping[str, float] | None = None) -> Network:
    """The network of a model folder, `network_def` of a bundle: windows (batch, channel, *space) → normalised target.

    Raises ModelRefused, UsageError.
    """
    method, preparation, _ = load_model(folder)
    return Network(method, preparation.conditions(conditions or {}, str(folder)))


def network_of(place: Path) -> Predict | None:
    """The network of a bundle as MONAI makes it from its configuration; None of a method that takes noise."""
    parser = importlib.import_module("monai.bundle").ConfigParser()
    parser.read_config(str(place / INFERENCE))
    parser["bundle_root"] = str(place)
    network: Network = parser.get_parsed_content("network_def")
    return None if network.method.noise_channels else network


def _verify(name: str, place: Path) -> None:
    """By MONAI: the channels and the type of what the network gives are those of the metadata. Raises ModelRefused."""
    try:
        importlib.import_module("monai.bundle").verify_net_in_out(
            "network_def", str(place / METADATA), str(place / INFERENCE), "cpu", bundle_root=str(place), **SIZES
        )
    except (ValueError, RuntimeError, KeyError) as reason:
        if is_out_of_memory(reason):
            raise
        raise ModelRefused(
            name, f"is refused by monai.bundle verify_net_in_out ({reason})", "give --to zip"
        ) from reason


def _metadata(name: str, member: Translator, licence: str) -> dict[str, Any]:
    source, target = member.preparation.source_modality, member.preparation.target_modality
    card = member.identity.config.get("card", {})
    return {
        "schema": SCHEMA,
        "version": __version__,
        "changelog": {__version__: f"exported by medtrans {__version__}"},
        "monai_version": importlib.metadata.version("monai"),
        "pytorch_version": torch.__version__.partition("+")[0],
        "numpy_version": np.__version__,
        "required_packages_version": {"medtrans": __version__},
        "name": name,
        "task": f"Translation of {source} to {target}",
        "description": f"{card.get('about') or name} The images are synthetic: computed, not measured.",
        "authors": _declared(member, "authors"),
        "copyright": licence,
        "intended_use": _declared(member, "intended_use"),
        "network_data_format": {
            "inputs": {"image": _tensor(member, source, member.method.task.source_channels)},
            "outputs": {"pred": _tensor(member, target, member.method.task.target_channels)},
        },
    }


def _tensor(member: Translator, modality: str, channels: int) -> dict[str, Any]:
    axes = " × ".join(space(member))
    return {
        "type": "image",
        "format": "magnitude",
        "modality": modality,
        "num_channels": channels,
        "spatial_shape": [f"{divisor}*n" for divisor in divisors(member)],
        "dtype": "float32",
        "value_range": [-1, 1],
        "is_patch_data": True,
        "channel_def": {str(number): f"{modality}, normalised; axes {axes}" for number in range(channels)},
    }


def _inference(first: str, conditions: Mapping[str, float]) -> dict[str, Any]:
    return {
        "bundle_root": ".",
        "input": "",
        "output": "",
        "device": "auto",
        "conditions": dict(conditions),
        "network_def": {
            "_target_": "medtrans.exporting.monai_bundle.load_network",
            "folder": f"$@bundle_root + '/models/{first}'",
            "conditions": "@conditions",
        },
        "run": [
            {
                "_target_": "medtrans.stages.export.run_bundle",
                "root": "@bundle_root",
                "source": "@input",
                "output": "@output",
                "device": "@device",
                "conditions": "@conditions",
            }
        ],
    }


def _declared(member: Translator, key: str) -> str:
    return str((member.identity.config.get("card", {}).get("declared") or {}).get(key) or "not declared")


def _json(values: Mapping[str, Any]) -> bytes:
    return (json.dumps(values, indent=2) + "\n").encode()
