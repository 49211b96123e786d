"""Provenance: versions, hashes, machine and command of a run, in groups of name and value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medtrans.reporting.provenance import without_folders
from medtrans.reporting.report import Section

THIS_RUN = "this run"
"""Group of the values that belong to no group."""


def provenance_section(provenance: Mapping[str, Any]) -> Section | None:
    """`provenance` is name → value, or group → {name: value}."""
    single = {name: value for name, value in provenance.items() if not isinstance(value, Mapping)}
    groups = {THIS_RUN: single} if single else {}
    groups |= {name: dict(value) for name, value in provenance.items() if isinstance(value, Mapping) and value}
    facts = {group: {name: _text(value) for name, value in entries.items()} for group, entries in groups.items()}
    return Section("provenance", "Provenance", facts) if facts else None


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value))
    return without_folders(str(value))
