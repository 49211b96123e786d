"""The model folder: config.json + model.safetensors + MODEL_CARD.md.

config.json names the method, its settings and task, the fitted preparation, and the hash of the weights. Weights are
safetensors: nothing here unpickles, ever.

Killed at any point while saving, the folder is the old model or the new one: the new weights are written beside the
old, config.json is replaced (the moment at which the model changes), the weights take the place of the old ones.
A reader that comes between the last two finds the weights that fit the hash under their first name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from medtrans import __version__, methods
from medtrans.core.errors import MedtransError, ModelRefused
from medtrans.core.method import Method, Task
from medtrans.models.card import model_card
from medtrans.models.weights import FRESH, WEIGHTS, fill, pack, read, read_weights, where_else
from medtrans.preparing.preparation import Preparation
from medtrans.reading.files import write_atomically
from medtrans.translating.settings import TranslatingSettings

FORMAT = 1
CONFIG, CARD = "config.json", "MODEL_CARD.md"
LARGEST_CONFIG = 1 << 24


def save_model(
    folder: str | Path,
    method: Method,
    preparation: Preparation,
    card: Mapping[str, Any],
    *,
    translating: TranslatingSettings | None = None,
) -> None:
    """Write the model folder, replacing a model that is there.

    `card` holds plain values about the training (see `card`); `translating` is what a Translator uses by default.
    """
    folder = Path(folder)
    data = pack(method)
    config = {
        "format": FORMAT,
        "medtrans": __version__,
        **_described(method),
        "preparation": preparation.to_dict(),
        "translating": (translating or TranslatingSettings()).to_dict(),
        "weights": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
        "card": dict(card),
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / FRESH, data)
    write_atomically(folder / CONFIG, (json.dumps(config, indent=1) + "\n").encode())
    (folder / FRESH).replace(folder / WEIGHTS)
    write_atomically(folder / CARD, model_card(config).encode())


def load_model(folder: str | Path) -> tuple[Method, Preparation, dict[str, Any]]:
    """The method in eval mode, the fitted preparation, and config.json as it stands.

    Raises ModelRefused on whatever is missing, damaged, foreign, newer than this program, or does not fit together.
    """
    folder = Path(folder)
    config = read_config(folder)
    path = folder / CONFIG
    try:
        with torch.random.fork_rng(devices=[]):
            method = _built(config)
        preparation = Preparation.from_dict(config["preparation"])
        TranslatingSettings.from_dict(config["translating"], "translating")
    except MedtransError as reason:
        raise ModelRefused(path, f"{reason.where}: {reason.what}", reason.advice) from reason
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError) as reason:
        raise ModelRefused(path, f"does not describe a model ({reason})", "get a whole copy of the model") from reason
    fill(method, read_weights(folder, config["weights"]), folder / WEIGHTS)
    return method.eval(), preparation, config


def _described(method: Method) -> dict[str, Any]:
    """Method, settings and task, with those of the methods it adopted."""
    adopted = {name: _described(child) for name, child in method.named_children() if isinstance(child, Method)}
    return {
        "method": {"name": type(method).__module__.rpartition(".")[2], **method.settings.to_dict()},
        "task": method.task.to_dict(),
        **({"adopted": adopted} if adopted else {}),
    }


def _built(described: Mapping[str, Any]) -> Method:
    """The inverse, with fresh weights."""
    kind = methods.load(described["method"]["name"])
    settings = {key: value for key, value in described["method"].items() if key != "name"}
    method = kind(Task.from_dict(described["task"]), kind.Settings.from_dict(settings, "method"))
    for name, child in described.get("adopted", {}).items():
        method.attach_frozen(name, _built(child))
    return method


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a model folder, its format version known to this program. Raises ModelRefused."""
    path = folder / CONFIG
    if not path.is_file():
        raise ModelRefused(folder, "is not a model folder: it has no config.json", where_else(folder))
    try:
        config = json.loads(read(path, LARGEST_CONFIG))
    except ValueError as reason:
        raise ModelRefused(path, "is not JSON", "get a whole copy of the model") from reason
    version = config.get("format") if isinstance(config, dict) else None
    if not isinstance(version, int) or "weights" not in config:
        raise ModelRefused(path, "is not the description of a medtrans model", where_else(folder))
    if version > FORMAT:
        what = f"is of format {version}, made by medtrans {config.get('medtrans')}; this is {__version__}"
        raise ModelRefused(path, what, "update medtrans")
    return config


def model_hash(folder: str | Path) -> str:
    """One hash for all that a translation depends on: config.json, which holds the hash of the weights."""
    return hashlib.sha256(read(Path(folder) / CONFIG, LARGEST_CONFIG)).hexdigest()
