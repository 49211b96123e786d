"""Checks of a recipe whose targets are registered with their sources, before anything is read."""

from __future__ import annotations

from medtrans.core.errors import UsageError
from medtrans.reading.settings import ReadingSettings


def refuse_unregistrable(pairing: str, reading: ReadingSettings, made: bool, where: str) -> None:
    """Raises UsageError where there is no target of its own, or where it is no image."""
    alone = "source and target are made from one file" if made else "each image is its own target"
    if made or pairing == "alone":
        raise UsageError(where, f"has nothing to register: {alone}", "leave it out")
    if "labels" in (reading.source_modality, reading.target_modality):
        what = "compares images, but label maps are read"
        raise UsageError(where, what, "register the images by medtrans align --labels MAP, and leave it out")
