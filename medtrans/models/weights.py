"""The weights of a model: safetensors, vouched for by a hash, and only such as fit the method."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from medtrans.core.errors import InputRefused, ModelRefused
from medtrans.core.method import Method
from medtrans.reading.files import read_bytes

WEIGHTS = "model.safetensors"
FRESH = WEIGHTS + ".fresh"
"""The new weights, until config.json speaks of them."""
LARGEST_WEIGHTS = 1 << 36


def pack(method: Method) -> bytes:
    """Weights and buffers as safetensors, without what only a training needs (past images in a pool)."""
    return save(_tensors(method))


def read_weights(folder: Path, named: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights with the hash that config.json names. Raises ModelRefused."""
    found = [path for path in (folder / WEIGHTS, folder / FRESH) if path.is_file()]
    if not found:
        raise ModelRefused(folder, f"has no {WEIGHTS}", where_else(folder))
    for path in found:
        data = read(path, LARGEST_WEIGHTS)
        if hashlib.sha256(data).hexdigest() == named.get("sha256"):
            break
    else:
        raise ModelRefused(found[0], "is not the file that config.json names: its hash differs", "copy the model again")
    try:
        return load(data)
    except SafetensorError as reason:
        raise ModelRefused(path, f"is not safetensors ({reason})", "nothing else is read: a pickle is code") from reason


def fill(method: Method, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Load `tensors` where names, shapes and types agree and every number is finite. Raises ModelRefused."""
    expected = _tensors(method)
    for name in [*expected, *tensors]:
        if name not in tensors or name not in expected:
            what = (
                f"lacks {name}, which the method needs" if name in expected else f"holds {name}, unknown to the method"
            )
            raise ModelRefused(path, what, "config.json and weights are not of one model; copy it again")
        here, there = tensors[name], expected[name]
        if here.shape != there.shape or here.dtype != there.dtype:
            what = f"{name} is {_kind(here)}, the method needs {_kind(there)}"
            raise ModelRefused(path, what, "config.json and weights are not of one model; copy it again")
        if not torch.isfinite(here).all():
            raise ModelRefused(path, f"{name} holds numbers that are not finite", "train the model again")
    method.load_state_dict(tensors, strict=False)


def read(path: Path, limit: int) -> bytes:
    """The bytes of a file of the model folder. Raises ModelRefused."""
    try:
        return read_bytes(path, limit)
    except InputRefused as reason:
        raise ModelRefused(path, reason.what, reason.advice) from reason


def where_else(folder: Path) -> str:
    """What might be meant instead of `folder`."""
    if not folder.exists():
        return "there is no such folder"
    if (folder / "model" / "config.json").is_file():
        return f"did you mean {folder / 'model'}?"
    pickles = [path.name for path in folder.glob("*.*") if path.suffix in (".pt", ".pth", ".ckpt", ".pkl", ".bin")]
    if folder.is_dir() and pickles:
        return f"{pickles[0]} is not opened, for a pickle is code; give a folder that medtrans saved"
    return "give a folder that medtrans saved"


def _tensors(method: Method) -> dict[str, Tensor]:
    state = method.state_dict()
    return {name: value.detach().cpu().contiguous().clone() for name, value in state.items() if torch.is_tensor(value)}


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
