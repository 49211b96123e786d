"""Marks of a volume that a model computed: the key and the notice in its sidecar, and the text in its header."""

from __future__ import annotations

from medtrans import __version__

SYNTHETIC = "SYNTHETIC"
NOTICE = "Computed by a model, not measured. Do not base a diagnosis or a treatment on it alone."
DESCRIPTION = f"{SYNTHETIC} medtrans {__version__}"
"""The field `descrip` of the NIfTI header."""
