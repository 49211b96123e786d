"""Checkpoint: the complete state of a training, so that a resumed run ends as an uninterrupted one.

Random numbers and the position in the data are functions of the step (see `loop`), so the step determines both.
Written by the atomic writer, with a SHA-256 before the content; read with `weights_only=True`: nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import torch

from medtrans.core.errors import ModelRefused
from medtrans.reading.memory import is_out_of_memory
from medtrans.reading.storage import read_bytes, write_atomically

MAX_CHECKPOINT_BYTES = 1 << 36
FORMAT = 2
MAGIC = b"medtrans checkpoint "
HEADER_BYTES = len(MAGIC) + 64 + 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """`state`: tensors, numbers, strings and containers of them."""
    data = io.BytesIO()
    torch.save({"format": FORMAT, **state}, data)
    write_atomically(path, _header(data.getvalue()) + data.getvalue())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Raises ModelRefused on a damaged file, one with other objects than tensors, or another format."""
    advice = "remove it to train from the start"
    data = read_bytes(path, MAX_CHECKPOINT_BYTES)
    if not data.startswith(MAGIC):
        raise ModelRefused(path, "is not a checkpoint of this version, so the training cannot be resumed", advice)
    content = data[HEADER_BYTES:]
    if data[:HEADER_BYTES] != _header(content):
        what = "does not agree with its checksum, so it is damaged and the training cannot be resumed"
        raise ModelRefused(path, what, advice)
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as reason:
        if is_out_of_memory(reason):
            raise
        raise ModelRefused(path, "is not a readable checkpoint, so the training cannot be resumed", advice) from reason
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ModelRefused(path, "is a checkpoint of another format, so the training cannot be resumed", advice)
    return state


def _header(content: bytes) -> bytes:
    return MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n"
