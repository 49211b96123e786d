"""Checks of a recipe whose targets are registered with their sources, before anything is read."""

from __future__ import annotations

from medtrans.core.errors import UsageError
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.settings import ReadingSettings


def refuse_unregistrable(
    pairing: str, reading: ReadingSettings, preparing: PreparingSettings, made: bool, where: str
) -> None:
    """Raises UsageError where there is no target of its own, where it is no image, or where no pair can be good."""
    where = f"{where}: preparing.register"
    alone = "source and target are made from one file" if made else "each image is its own target"
    if made or pairing == "alone":
        raise UsageError(where, f"has nothing to register: {alone}", "leave it out")
    both = reading.source_modality, reading.target_modality
    if preparing.register == "deformable" and not preparing.keep_doubtful and (both[0] == "CT") != (both[1] == "CT"):
        what = "is deformable, and such a registration of a CT with another image is never judged better than doubtful"
        advice = "choose rigid, or look at the pictures of the registrations and set preparing.keep_doubtful: true"
        raise UsageError(where, what, advice)
    if "labels" in both:
        what = "compares images, but label maps are read"
        raise UsageError(where, what, "register the images by medtrans align --labels MAP, and leave it out")
