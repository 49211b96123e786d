"""Kind of an existing file, by its content: a command replaces only files of the kind that it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from medtrans.core.errors import MedtransError, UsageError
from medtrans.reading.derived_series import is_derived
from medtrans.reading.names import suffix_of
from medtrans.reading.sidecars import MAX_SIDECAR_BYTES
from medtrans.reading.storage import opened, read_bytes

Kind = Literal[
    "volume", "series", "sidecar", "ledger", "table", "JSON file", "page", "LaTeX file", "transform", "picture"
]
SAMPLE_BYTES = 4096
TABLE_SUFFIXES = (".csv", ".txt", "")
LEDGER_BEGINS = b'{"case"'
SIGNATURES: Mapping[str, bytes] = {"transform": b"#Insight Transform File", "picture": b"\x89PNG"}


def refuse_wrong_name(path: Path, kind: Kind) -> None:
    """Raise UsageError where a table is to be written under the name of another kind of file."""
    if kind == "table" and (suffix_of(path.name) or path.suffix.lower() not in TABLE_SUFFIXES):
        raise UsageError(path, "is not the name of a table", "give a name that ends in .csv")


def is_of_kind(path: Path, kind: Kind) -> bool:
    """Whether the existing file could have been written as that kind. A volume is known by its name alone."""
    if kind == "volume":
        return True
    if kind == "series":
        return is_derived(path)
    try:
        if kind == "sidecar":
            return _is_sidecar(read_bytes(path, MAX_SIDECAR_BYTES))
        with opened(path) as file:
            begin: bytes = file.read(SAMPLE_BYTES)
    except MedtransError:
        return not path.exists()  # A link that leads nowhere holds nothing that could be lost.
    return _begins_as(begin, kind)


def _begins_as(begin: bytes, kind: Kind) -> bool:
    if kind == "ledger":
        begin = begin.lstrip(b"\0\n")  # A power cut may leave zeros.
        return begin.startswith(LEDGER_BEGINS) or LEDGER_BEGINS.startswith(begin)
    if kind in SIGNATURES:
        return not begin or begin.startswith(SIGNATURES[kind])
    text = begin.lstrip().lower()
    if b"\0" in text:
        return False
    marks = {"JSON file": b"{", "page": b"<"}
    if kind in marks:
        return not text or text.startswith(marks[kind])
    return not text.startswith(tuple(marks.values()))


def _is_sidecar(data: bytes) -> bool:
    try:
        facts = json.loads(data)
    except ValueError:
        return False
    return isinstance(facts, dict) and facts.get("SYNTHETIC") is True
