"""Formats of an export, the packages that each needs, and what may be replaced. No torch, so that it is asked first."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from medtrans.core import optional_packages
from medtrans.core.errors import UsageError
from medtrans.reading.names import EXPORTED

PACKAGES = {"onnx": ("onnx", "onnxruntime"), "openvino": ("openvino",), "monai-bundle": (), "zip": ()}
"""Format → the packages that it needs besides those of medtrans, which are the extra of its name."""


def refuse_missing(to: str) -> None:
    """Raises EnvironmentRefused where a package is not installed that the format needs."""
    optional_packages.refuse_missing(f"--to {to}", PACKAGES[to], to)


def refuse_existing(output: Path, to: str, *, overwrite: bool) -> None:
    """Raises UsageError on an output that exists, unless it is an export of medtrans and `overwrite` is set."""
    if to == "zip" and output.suffix.lower() != ".zip":
        raise UsageError(output, "is not the name of a zip file", "give a name that ends in .zip")
    if not os.path.lexists(output) or (output.is_dir() and not any(output.iterdir()) and to != "zip"):
        return
    if not overwrite:
        raise UsageError(output, "exists", "give --overwrite, or another output")
    if not (_is_exported_zip(output) if to == "zip" else (output / EXPORTED).is_file()):
        what = f"exists and is not an export of medtrans (it holds no {EXPORTED}), so it is not replaced"
        raise UsageError(output, what, "move it away, or give another output")


def _is_exported_zip(path: Path) -> bool:
    if not path.is_file() or not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(f"/{EXPORTED}") for name in archive.namelist())
