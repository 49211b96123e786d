"""Words of the choices for distances of sets: planes and built-in extractors. Starts without torch."""

from __future__ import annotations

from medtrans.preparing.patches import PLANES

WHOLE = "volume"
VIEWS = (*PLANES, WHOLE)
BUILT_IN = ("radiomics", "random")
"""Extractors that need no file."""
