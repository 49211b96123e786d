"""Shortcomings of a model that its own test has shown: a file in the model folder, said with every translation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medtrans.core.errors import ModelRefused
from medtrans.core.finding import Finding
from medtrans.core.sealed_json import NotSealed, seal, unseal
from medtrans.reading.storage import read_bytes, write_atomically

SHORTCOMINGS = "shortcomings.json"
MAX_BYTES = 1 << 20


def write_shortcomings(folder: Path, findings: Sequence[Finding]) -> None:
    """Replace those of the model; no file where there is none. Raises EnvironmentRefused."""
    if findings:
        write_atomically(folder / SHORTCOMINGS, seal({"findings": [finding.to_dict() for finding in findings]}))
    else:
        (folder / SHORTCOMINGS).unlink(missing_ok=True)


def read_shortcomings(folder: Path) -> tuple[Finding, ...]:
    """Of the model in a folder. Raises ModelRefused where the file is damaged."""
    path = folder / SHORTCOMINGS
    if not path.is_file():
        return ()
    try:
        return tuple(Finding.from_dict(values) for values in unseal(read_bytes(path, MAX_BYTES))["findings"])
    except (NotSealed, KeyError, TypeError) as reason:
        raise ModelRefused(path, f"is damaged ({reason})", "copy the whole model folder again") from reason
