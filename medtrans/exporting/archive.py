"""Archive: the folders of a model as one zip file, the same bytes for the same model."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from medtrans.models.config import CARD, CONFIG, WEIGHTS
from medtrans.models.weights import MAX_WEIGHTS_BYTES
from medtrans.reading.storage import read_bytes, write_atomically

DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can hold."""
MODE = 0o644 << 16


def model_files(folder: Path) -> dict[str, bytes]:
    """Name → content of the files of a model folder; its card where it has one."""
    names = [name for name in (CONFIG, WEIGHTS, CARD) if (folder / name).is_file()]
    return {name: read_bytes(folder / name, MAX_WEIGHTS_BYTES) for name in names}


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
