"""Facts about this machine that a question about medtrans needs: versions, devices, extras and limits."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from typing import Any

import torch

import medtrans
from medtrans.models.engines import find_engine
from medtrans.reporting.provenance import version

PACKAGES = ("torch", "monai", "torchio", "nibabel", "SimpleITK", "numpy", "scipy", "lightning-fabric", "isal")
EXTRAS = {
    "openvino": "openvino",
    "tensorboard": "tensorboard",
    "distributed": "dist",
    "mkdocs": "docs",
    "onnxruntime": "onnx",
    "fastapi": "serve",
}
"""Optional package → the extra that installs it."""
BYTES_PER_GIB = 2**30
FLOAT32_BYTES = 4
MEMORY_FRACTION = 0.1
"""Fraction of the memory that one volume may take."""


def doctor() -> dict[str, Any]:
    """Name → value."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / BYTES_PER_GIB
    side = round((memory * BYTES_PER_GIB * MEMORY_FRACTION / FLOAT32_BYTES) ** (1 / 3))
    return {
        "medtrans": medtrans.__version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        **{package: version(package) for package in PACKAGES},
        "processor threads": f"{torch.get_num_threads()} used of {os.cpu_count()}",
        "engine of translate": _engine(),
        "bfloat16": _bfloat16(),
        "memory": f"{memory:.1f} GiB",
        "free disk here": f"{shutil.disk_usage('.').free / BYTES_PER_GIB:.1f} GiB",
        "cuda": _cuda(),
        "mps": "yes" if torch.backends.mps.is_available() else "no",
        **{f"extra {extra}": _extra(package, extra) for package, extra in EXTRAS.items()},
        "largest volume": f"about {side}³ voxels in float32 (a tenth of the memory)",
    }


def _engine() -> str:
    """What --engine auto takes on the processor."""
    return type(find_engine("auto", "float32", torch.device("cpu"))).__name__


def _bfloat16() -> str:
    """Whether the processor has instructions for it."""
    listed = getattr(torch.cpu, "get_capabilities", dict[str, bool])()
    native = any(listed.get(name) for name in ("avx512_bf16", "amx_bf16"))
    return (
        "by the processor: --precision bfloat16, training.precision: bf16-mixed" if native else "not by the processor"
    )


def _extra(package: str, extra: str) -> str:
    installed = importlib.util.find_spec(package) is not None
    return version(package) if installed else f"absent; pip install 'medtrans[{extra}]'"


def _cuda() -> str:
    if not torch.cuda.is_available():
        return "no"
    return ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
