"""Archive: the folders of a model as one zip file, the same bytes for the same model."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from medtrans.models.weights import MAX_WEIGHTS_BYTES
from medtrans.reading.storage import read_bytes, write_atomically

SUFFIXES = (".json", ".md", ".safetensors")
DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can hold."""
MODE = 0o644 << 16


def model_files(folder: Path) -> dict[str, bytes]:
    """Name → content of the files of a model folder: settings, weights, and what stands beside them."""
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES and path.is_file()]
    return {path.name: read_bytes(path, MAX_WEIGHTS_BYTES) for path in paths}


def write_zip(files: Mapping[str, bytes], path: Path) -> Path:
    """Write `files`, name in the archive → content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = MODE
            kind = zipfile.ZIP_STORED if name.endswith(".safetensors") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compress_type=kind)
    write_atomically(path, buffer.getvalue())
    return path
