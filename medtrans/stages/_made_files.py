"""Files that are made once in a run folder, known by the sealed record beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medtrans.core.errors import MedtransError
from medtrans.core.sealed_json import NotSealed, unseal
from medtrans.reading.sidecars import MAX_SIDECAR_BYTES
from medtrans.reading.storage import read_bytes
from medtrans.reading.volumes import hash_volume


def record_of_made(record: Path, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """The record, None where the files are to be made: it is missing, says other than `wanted`, or a file changed.

    Its `outputs` are hashes by the names of files beside it.
    """
    try:
        facts: dict[str, Any] = unseal(read_bytes(record, MAX_SIDECAR_BYTES))
        is_wanted = all(facts[key] == value for key, value in wanted.items())
        is_whole = all(hash_volume(record.parent / name) == digest for name, digest in facts["outputs"].items())
        return facts if is_wanted and is_whole else None
    except (NotSealed, MedtransError, OSError, KeyError, TypeError, AttributeError):
        return None
