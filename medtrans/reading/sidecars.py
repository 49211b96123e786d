"""Sidecar of a translation: the JSON beside it. Scores depend on it, so that it carries a checksum."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medtrans.core.errors import InputRefused
from medtrans.core.sealed_json import CHECKSUM, NotSealed, unseal
from medtrans.reading.storage import read_bytes

MAX_SIDECAR_BYTES = 1 << 26
MARKS = tuple(f'"{key}"'.encode() for key in ("SYNTHETIC", "window_borders", CHECKSUM))
"""Keys of a sidecar of medtrans. Other programs write JSON beside their volumes, too; damage may hide one of these."""


def read_sidecar(path: Path) -> dict[str, Any]:
    """Content of a sidecar; empty where there is none, or that of another program. Raises InputRefused if damaged."""
    if not path.is_file():
        return {}
    data = read_bytes(path, MAX_SIDECAR_BYTES)
    if sum(mark in data for mark in MARKS) < 2:
        return {}
    try:
        return unseal(data)
    except NotSealed as reason:
        advice = "copy it again from where the translation was made, or translate again"
        raise InputRefused(path, str(reason), advice, "damaged-sidecar") from reason
