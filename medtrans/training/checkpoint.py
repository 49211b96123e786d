"""A checkpoint: everything an interrupted run needs to go on as if nothing had happened.

Random numbers and the data position are functions of the step (see `loop`), so the step stands for both.
Written by the atomic writer, read with `weights_only=True`: nothing unpickles.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from medtrans.core.errors import ModelRefused
from medtrans.reading.storage import read_bytes, write_atomically

LARGEST_CHECKPOINT = 1 << 36
FORMAT = 1


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """`state`: tensors, numbers, strings and containers of them."""
    data = io.BytesIO()
    torch.save({"format": FORMAT, **state}, data)
    write_atomically(path, data.getvalue())


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Raises ModelRefused on a damaged file, one that holds more than tensors, or another format."""
    advice = "remove it to train from the start"
    try:
        state = torch.load(io.BytesIO(read_bytes(path, LARGEST_CHECKPOINT)), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as reason:
        raise ModelRefused(path, "is not a checkpoint that can be read", advice) from reason
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ModelRefused(path, "is a checkpoint of another format", advice)
    return state
