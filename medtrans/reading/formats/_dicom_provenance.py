"""Provenance of a derived DICOM series: its software, its model and its inputs."""

from __future__ import annotations

from dataclasses import dataclass

from medtrans.core.modality import Modality

Place = tuple[str, str]
"""SOP class and instance of a further source image."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Who made a series of what. Hashes are SHA-256 in hexadecimal."""

    modality: Modality
    """Of the derived images: CT, MR or labels."""
    version: str
    """Of medtrans."""
    model: str
    model_sha256: str
    inputs_sha256: str
    """Of all inputs, the mask included."""
    settings_sha256: str = ""
    """Of the settings of the translation."""
    anonymous: bool = False
    """Whether identity is left out of the headers: basic profile of DICOM PS3.15, E."""
