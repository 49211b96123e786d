"""Engines: what computes the networks of a model, torch or OpenVINO. Their values are the same up to rounding."""

from __future__ import annotations

import importlib.util

import torch

from medtrans.core.errors import UsageError
from medtrans.core.suggestions import did_you_mean
from medtrans.models.engines._engine import (
    PRECISIONS,
    Engine,
    EngineUsed,
    InUnit,
    Network,
    Precision,
    Predict,
    translation,
)
from medtrans.models.engines.openvino import OpenVINO, refuse_missing
from medtrans.models.engines.torch import Torch, by_torch

ENGINES = ("auto", "torch", "openvino")
__all__ = [
    "ENGINES",
    "PRECISIONS",
    "Engine",
    "EngineUsed",
    "InUnit",
    "Network",
    "OpenVINO",
    "Predict",
    "Torch",
    "by_torch",
    "find_engine",
    "translation",
]


def find_engine(name: str, precision: str, device: torch.device) -> Engine:
    """The engine of that name; auto is OpenVINO on a processor where it is installed, else torch, with the reason.

    Raises UsageError, EnvironmentRefused.
    """
    refuse_unknown_engine(name, precision)
    width: Precision = "bfloat16" if precision == "bfloat16" else "float32"
    if name == "torch":
        return Torch(width)
    on_processor = device.type == "cpu"
    if name == "openvino":
        if not on_processor:
            what = f"computes on the processor, not on {device}"
            raise UsageError("engine openvino", what, "give --engine torch, or --device cpu")
        refuse_missing()
        return OpenVINO(width)
    if not on_processor:
        return Torch(width, reason=f"the device is {device}")
    if importlib.util.find_spec("openvino") is None:
        return Torch(width, reason="OpenVINO is not installed (extra openvino)")
    return OpenVINO(width, otherwise=Torch(width))


def refuse_unknown_engine(name: str, precision: str) -> None:
    """Raises UsageError on a name that stands for no engine, and on a precision that none has."""
    if name not in ENGINES:
        raise UsageError(f"engine {name}", "is not an engine", did_you_mean(name, ENGINES))
    if precision not in PRECISIONS:
        raise UsageError(f"precision {precision}", "is not a precision", did_you_mean(precision, PRECISIONS))
