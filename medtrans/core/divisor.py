"""Divisor of a network: every side of its input is a multiple of it; one number for all axes, or one for each."""

from __future__ import annotations

from typing import TypeAlias

Divisor: TypeAlias = int | tuple[int, ...]


def per_axis(divisor: Divisor, dims: int) -> tuple[int, ...]:
    """One divisor for each of `dims` axes."""
    return divisor if isinstance(divisor, tuple) else (divisor,) * dims
