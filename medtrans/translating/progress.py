"""Fraction done of work that consists of several equal parts."""

from __future__ import annotations

from collections.abc import Callable

OnProgress = Callable[[float], None]
"""Called with the fraction that is done, from 0 to 1."""


def part_progress(on_progress: OnProgress | None, number: int, count: int) -> OnProgress:
    """The callback of part `number` (from 0) of `count`: its fraction becomes a fraction of the whole."""

    def report(fraction: float) -> None:
        if on_progress:
            on_progress((number + fraction) / count)

    return report
