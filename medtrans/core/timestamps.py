"""Time stamps of records."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """UTC, ISO 8601, with microseconds: sorts as text."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
