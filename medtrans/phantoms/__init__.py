"""Synthetic heads of known anatomy: `make_head(seed)` is the anatomy, `paint(head, contrast, rng)` an image of it."""

from __future__ import annotations

from medtrans.phantoms.anatomy import Head, Lesion, make_head
from medtrans.phantoms.contrasts import paint

__all__ = ["Head", "Lesion", "make_head", "paint"]
