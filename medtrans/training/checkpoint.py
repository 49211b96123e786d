"""Checkpoint: the complete state of a training, so that a resumed run ends as an uninterrupted one.

Random numbers and the position in the data are functions of the step (see `loop`), so the step determines both.
Written by the atomic writer, read with `weights_only=True`: nothing is unpickled.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from medtrans.core.errors import ModelRefused
from medtrans.reading.storage import read_bytes, write_atomically

MAX_CHECKPOINT_BYTES = 1 << 36
FORMAT = 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """`state`: tensors, numbers, strings and containers of them."""
    data = io.BytesIO()
    torch.save({"format": FORMAT, **state}, data)
    write_atomically(path, data.getvalue())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Raises ModelRefused on a damaged file, one with other objects than tensors, or another format."""
    advice = "remove it to train from the start"
    try:
        state = torch.load(io.BytesIO(read_bytes(path, MAX_CHECKPOINT_BYTES)), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as reason:
        raise ModelRefused(path, "is not a readable checkpoint, so the training cannot be resumed", advice) from reason
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ModelRefused(path, "is a checkpoint of another format, so the training cannot be resumed", advice)
    return state
