"""Compute device of a model (auto, cpu, cuda, cuda:1, mps), and repeatable arithmetic on it."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

import torch

from medtrans.core.errors import EnvironmentRefused
from medtrans.models.device_names import refuse_unknown_device


def find_device(name: str) -> torch.device:
    """The device of that name; auto is the first GPU, else the CPU. Raises UsageError, EnvironmentRefused."""
    refuse_unknown_device(name)
    where = f"device {name}"
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = name.partition(":")
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not available[kind]:
        raise EnvironmentRefused(where, "is not available here", "give --device auto or cpu")
    if number and int(number) >= torch.cuda.device_count():
        what = f"does not exist: {torch.cuda.device_count()} found, counted from cuda:0"
        raise EnvironmentRefused(where, what, "give one of these, or auto")
    return torch.device(name)


def repeatable(device: torch.device) -> AbstractContextManager[None]:
    """A context in which the same input gives the same output.

    On a GPU: no choice of kernels by timing, and float32 in full width.
    """
    if device.type != "cuda":
        return contextlib.nullcontext()
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
