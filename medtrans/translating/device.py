"""Where a model computes: auto, cpu, cuda, cuda:1, mps; and how it computes the same twice."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

import torch

from medtrans.core.errors import EnvironmentRefused, UsageError

KINDS = ("cpu", "cuda", "mps")


def find_device(asked: str) -> torch.device:
    """The device asked for; auto is the first GPU, else the CPU. Raises UsageError, EnvironmentRefused."""
    where = f"device {asked}"
    if asked == "auto":
        asked = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, number = asked.partition(":")
    if kind not in KINDS or (number and not number.isdigit()) or (number and kind != "cuda"):
        raise UsageError(where, "is not a device", "give auto, cpu, cuda, cuda:1 or mps")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[kind]:
        raise EnvironmentRefused(where, "is not available here", "give --device auto or cpu")
    if number and int(number) >= torch.cuda.device_count():
        there_are = f"is not there: {torch.cuda.device_count()} found, counted from cuda:0"
        raise EnvironmentRefused(where, there_are, "give one of these, or auto")
    return torch.device(asked)


def repeatable(device: torch.device) -> AbstractContextManager[None]:
    """The same output for the same input: on a GPU no choice of kernel by timing, and float32 in full width."""
    if device.type != "cuda":
        return contextlib.nullcontext()
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
