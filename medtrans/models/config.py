"""Configuration of a model folder: its config.json, read without torch.

So a wrong model, or one for other images, is refused before torch is loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medtrans import __version__
from medtrans.core.errors import InputRefused, ModelRefused
from medtrans.core.sealed_json import NotSealed, parse_json, without_seal
from medtrans.reading.storage import read_bytes

FORMAT = 3
CONFIG, CARD = "config.json", "MODEL_CARD.md"
WEIGHTS = "model.safetensors"
NEW_WEIGHTS = WEIGHTS + ".new"
"""The weights of a model that is being saved, until config.json holds their hash."""
MAX_CONFIG_BYTES = 1 << 22
PICKLES = (".pt", ".pth", ".ckpt", ".pkl", ".bin")
COPY_AGAIN = "copy the whole model folder again"
SLOTS = ("gate", "calibration")
"""Kept empty in config.json, whose hash names the model: both are made later, and stand beside it (gate.json,
calibration.json). What holds one is of a later version."""


def read_config(folder: Path) -> dict[str, Any]:
    """The content of config.json, if it is whole and this version of medtrans can use it. Raises ModelRefused."""
    path = folder / CONFIG
    if not path.is_file():
        raise ModelRefused(folder, "is not a model folder: it has no config.json", where_else(folder))
    try:
        config = parse_json(read(path, MAX_CONFIG_BYTES))
    except NotSealed as reason:
        raise ModelRefused(path, str(reason), COPY_AGAIN) from reason
    version = config.get("format") if isinstance(config, dict) else None
    if not isinstance(version, int) or "weights" not in config:
        raise ModelRefused(path, "is not the description of a medtrans model", where_else(folder))
    _refuse_other_versions(path, config)
    try:
        return without_seal(config)
    except NotSealed as reason:
        raise ModelRefused(path, str(reason), COPY_AGAIN) from reason


def refuse_without_weights(folder: Path) -> None:
    """Raise ModelRefused where a model folder lacks its weights."""
    if not any((folder / name).is_file() for name in (WEIGHTS, NEW_WEIGHTS)):
        raise ModelRefused(folder, f"has no {WEIGHTS}", where_else(folder))


def modalities_of(preparation: Mapping[str, Any]) -> str:
    """Of source and target, from the config: "MR to CT", "MR or CT to MR"."""
    source = f"{preparation['source_modality']}{' or CT' if preparation.get('takes_ct') else ''}"
    return f"{source} to {preparation['target_modality']}"


def model_hash(folder: str | Path) -> str:
    """One hash of all that a translation depends on: that of config.json, which holds the hash of the weights."""
    return hashlib.sha256(read(Path(folder) / CONFIG, MAX_CONFIG_BYTES)).hexdigest()


def read(path: Path, limit: int) -> bytes:
    """The bytes of a file of the model folder. Raises ModelRefused."""
    try:
        return read_bytes(path, limit)
    except InputRefused as reason:
        raise ModelRefused(path, reason.what, reason.advice) from reason


def where_else(folder: Path) -> str:
    """Advice: the folder that may have been meant instead."""
    if not folder.exists():
        return "there is no such folder"
    if (folder / "model" / "config.json").is_file():
        return f"did you mean {folder / 'model'}?"
    pickles = [path.name for path in folder.glob("*.*") if path.suffix in PICKLES]
    if folder.is_dir() and pickles:
        return f"{pickles[0]} is not opened, for a pickle is code; give a folder that medtrans saved"
    return "give a folder that medtrans saved"


def _refuse_other_versions(path: Path, config: Mapping[str, Any]) -> None:
    version, maker = config["format"], config.get("medtrans")
    if version > FORMAT:
        what = f"is of format {version}, made by medtrans {maker}; this is {__version__}"
        raise ModelRefused(path, what, "update medtrans")
    if version < FORMAT:
        what = f"is of format {version}, made by medtrans {maker}, without what format {FORMAT} holds"
        raise ModelRefused(path, what, "train the model again with this version")
    used = [slot for slot in SLOTS if config.get(slot) is not None]
    if used:
        what = f"holds a {used[0]}, which medtrans {__version__} cannot apply"
        raise ModelRefused(path, what, "update medtrans")
