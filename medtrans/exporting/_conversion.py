"""Conversion of a network to another format: what a converter raises becomes one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from medtrans.core.errors import ModelRefused
from medtrans.reading.memory import is_out_of_memory


@contextmanager
def refused_where_it_fails(name: str, what: str, advice: str) -> Iterator[None]:
    """Raises ModelRefused with the first line of a converter's error; want of memory stays what it is."""
    try:
        yield
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as reason:
        if is_out_of_memory(reason):
            raise
        first = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
        raise ModelRefused(name, f"{what} ({first[:200]})", advice) from reason
