"""Model folder: config.json, model.safetensors and MODEL_CARD.md of a trained model.

config.json holds the method with its settings and task, the fitted preparation with both modalities, the hash of the
weights, and places for parts of later versions. The signature of the training images stands beside it, in gate.json.
Weights are safetensors; nothing is unpickled.

Saving can be interrupted at any point, and leaves the old model or the new one: the new weights are written beside the
old ones, config.json is replaced (from then on the folder is the new model), the new weights replace the old ones.
A reader between the last two steps finds the weights with the right hash under their first name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from medtrans import __version__, methods
from medtrans.core.errors import MedtransError, ModelRefused
from medtrans.core.method import Method, Task
from medtrans.core.relative_paths import without_folders
from medtrans.core.sealed_json import seal
from medtrans.core.settings import Settings
from medtrans.models.card import model_card
from medtrans.models.config import (
    CARD,
    CONFIG,
    COPY_AGAIN,
    FORMAT,
    NEW_WEIGHTS,
    SLOTS,
    WEIGHTS,
    read_config,
)
from medtrans.models.weights import fill, pack, read_weights, size_of_weights
from medtrans.preparing.preparation import Preparation
from medtrans.reading.memory import is_out_of_memory
from medtrans.reading.storage import write_atomically

MAX_FROZEN_DEPTH = 4
SPARE_WEIGHTS, SPARE_BYTES = 2, 1 << 20
"""A network of up to so much more than its weights is compared tensor by tensor, which says more."""


def save_model(
    folder: str | Path,
    method: Method,
    preparation: Preparation,
    card: Mapping[str, Any],
    *,
    translating: Settings | None = None,
) -> None:
    """Write the model folder; an existing model is replaced.

    `card` holds plain values about the training (see `card`); `translating` are the default settings of a Translator.
    """
    folder = Path(folder)
    data = pack(method)
    config = {
        "format": FORMAT,
        "medtrans": __version__,
        **_described(method),
        "preparation": preparation.to_dict(),
        "translating": translating.to_dict() if translating else {},
        "weights": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
        **dict.fromkeys(SLOTS),
        "card": dict(card),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / NEW_WEIGHTS, data)
    write_atomically(folder / CONFIG, seal(config))
    (folder / NEW_WEIGHTS).replace(folder / WEIGHTS)
    write_card(folder, config)


def write_card(folder: Path, config: Mapping[str, Any], later: Mapping[str, Any] | None = None) -> None:
    """Write the card of a model with this config.json; `later` as in `model_card`."""
    write_atomically(folder / CARD, model_card(config, later).encode())


def load_model(folder: str | Path) -> tuple[Method, Preparation, dict[str, Any]]:
    """The method in eval mode, the fitted preparation, and the content of config.json.

    Raises ModelRefused on what is missing, damaged, foreign, of another version, or does not fit together.
    """
    folder = Path(folder)
    config = read_config(folder)
    path = folder / CONFIG
    try:
        _refuse_other_size(config, path)
        with torch.random.fork_rng(devices=[]):
            method = _built(config)
        preparation = Preparation.from_dict(config["preparation"])
    except MedtransError as reason:
        raise ModelRefused(path, f"{reason.where}: {reason.what}", reason.advice) from reason
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError) as reason:
        if is_out_of_memory(reason):
            raise
        what = f"does not describe a model ({reason})"
        raise ModelRefused(path, what, COPY_AGAIN) from reason
    fill(method, read_weights(folder, config["weights"]), folder / WEIGHTS)
    return method.eval(), preparation, config


def _refuse_other_size(config: Mapping[str, Any], path: Path) -> None:
    """Raises ModelRefused where the method has far more weights than the file, before memory is taken for them."""
    needed = sum(size_of_weights(method) for method in _without_weights(config))
    if needed > SPARE_WEIGHTS * config["weights"]["bytes"] + SPARE_BYTES:
        what = f"describes a network of {needed} bytes, and its weights have {config['weights']['bytes']}"
        raise ModelRefused(path, what, COPY_AGAIN)


def _described(method: Method) -> dict[str, Any]:
    """Method, settings and task, with those of its frozen methods; paths without their folders."""
    frozen = {name: _described(child) for name, child in method.named_children() if isinstance(child, Method)}
    return {
        "method": {"name": type(method).__module__.rpartition(".")[2], **without_folders(method.settings).to_dict()},
        "task": method.task.to_dict(),
        **({"frozen": frozen} if frozen else {}),
    }


def _built(described: Mapping[str, Any]) -> Method:
    """The inverse of `_described`, with initial weights."""
    method = _alone(described)
    for name, child in described.get("frozen", {}).items():
        method.attach_frozen(name, _built(child))
    return method


def _without_weights(described: Mapping[str, Any], depth: int = 0) -> Iterator[Method]:
    """The method and those attached to it, on a device without memory. Raises ValueError on a chain without end."""
    if depth > MAX_FROZEN_DEPTH:
        raise ValueError("methods are attached to each other without end")
    yield _alone(described, "meta")
    for child in described.get("frozen", {}).values():
        yield from _without_weights(child, depth + 1)


def _alone(described: Mapping[str, Any], device: str = "cpu") -> Method:
    kind = methods.load(described["method"]["name"])
    settings = {key: value for key, value in described["method"].items() if key != "name"}
    task, parsed = Task.from_dict(described["task"], "task"), kind.Settings.from_dict(settings, "method")
    with torch.device(device):
        return kind(task, parsed)
