"""Suggestions for an unknown word: the nearest known word, or all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest known word, or lists them all."""
    known = sorted(known)
    return nearest(word, known) or "choose from: " + ", ".join(known)


def nearest(word: str, known: Iterable[str]) -> str:
    """A question with the nearest known word; empty where none is near."""
    near = difflib.get_close_matches(word, sorted(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""
