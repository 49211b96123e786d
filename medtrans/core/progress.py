"""Progress of long work: one call per step, shown by the command line and ignored by default."""

from __future__ import annotations

from typing import Protocol


class ProgressCallback(Protocol):
    """Receives the name of the stage, a short text, the fraction done (0 to 1) and the seconds left, where known."""

    def __call__(self, stage: str, text: str = "", done: float | None = None, left: float | None = None) -> None: ...


def no_progress(stage: str, text: str = "", done: float | None = None, left: float | None = None) -> None:
    """Show nothing."""
