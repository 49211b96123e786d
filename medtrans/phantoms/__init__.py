"""Phantoms: synthetic heads of known anatomy, by `make_head(seed)`, and their images, by `paint(head, contrast, rng)`."""

from __future__ import annotations

from medtrans.phantoms.anatomy import Head, Lesion, make_head
from medtrans.phantoms.contrasts import paint

__all__ = ["Head", "Lesion", "make_head", "paint"]
