"""Weights of a model: a safetensors file with a known hash, whose tensors fit the method."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from medtrans.core.errors import ModelRefused
from medtrans.core.method import Method
from medtrans.models.config import NEW_WEIGHTS, WEIGHTS, read, refuse_without_weights

MAX_WEIGHTS_BYTES = 1 << 36


def pack(method: Method) -> bytes:
    """Weights and buffers as safetensors, without what only the training needs (an image pool, auxiliary heads)."""
    return save(_tensors(method))


def size_of_weights(method: Method) -> int:
    """Bytes of weights and buffers, also of a method on the device meta, whose weights take no memory."""
    return sum(value.nbytes for value in method.state_dict().values() if torch.is_tensor(value))


def read_weights(folder: Path, expected: Mapping[str, Any]) -> dict[str, Tensor]:
    """The weights whose hash is in config.json. Raises ModelRefused."""
    refuse_without_weights(folder)
    files = [path for path in (folder / WEIGHTS, folder / NEW_WEIGHTS) if path.is_file()]
    for path in files:
        data = read(path, MAX_WEIGHTS_BYTES)
        if hashlib.sha256(data).hexdigest() == expected.get("sha256"):
            break
    else:
        what = "is not the file that config.json names: its hash differs"
        raise ModelRefused(files[0], what, "copy the whole model folder again")
    try:
        return load(data)
    except SafetensorError as reason:
        advice = "give weights as safetensors; other formats are not opened, since a pickle is code"
        raise ModelRefused(path, f"is not safetensors ({reason})", advice) from reason


def fill(method: Method, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Load `tensors`; names, shapes and types must agree, all numbers be finite. Raises ModelRefused."""
    expected = _tensors(method)
    advice = "config.json and weights are of different models; copy the whole model folder again"
    for name in [*expected, *tensors]:
        if name not in tensors:
            raise ModelRefused(path, f"lacks {name}, which the method needs", advice)
        if name not in expected:
            raise ModelRefused(path, f"holds {name}, unknown to the method", advice)
        given, needed = tensors[name], expected[name]
        if given.shape != needed.shape or given.dtype != needed.dtype:
            raise ModelRefused(path, f"{name} is {_kind(given)}, the method needs {_kind(needed)}", advice)
        if not torch.isfinite(given).all():
            raise ModelRefused(path, f"{name} holds numbers that are not finite", "train the model again")
    method.load_state_dict(tensors, strict=False)


def _tensors(method: Method) -> dict[str, Tensor]:
    state = method.state_dict()
    for name in _training_only(method):
        del state[name]
    return {name: value.detach().cpu().contiguous().clone() for name, value in state.items() if torch.is_tensor(value)}


def _training_only(method: Method) -> list[str]:
    """Names of the tensors that no translation uses, also of frozen methods inside."""
    inside = [(f"{path}." if path else "", part) for path, part in method.named_modules() if isinstance(part, Method)]
    skipped = tuple(f"{path}{name}." for path, part in inside for name in part.training_only)
    return [name for name in method.state_dict() if name.startswith(skipped)]


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
