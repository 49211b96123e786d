"""CT as one more contrast for models of MR: HU within the window of the brain, and 0 at its lower end.

    y = min(max(x, 0), 80)        x in HU

Air, water and fat are 0, bone is 80, and the brain lies between, as SynthSR takes a CT: Iglesias et al., Science
Advances 2023, https://doi.org/10.1126/sciadv.add3607
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medtrans.core.finding import Finding
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume

LOW, HIGH = 0, 80
"""HU."""


def is_ct(volume: Volume, as_mr: Sequence[Finding] | None = None) -> bool:
    """Whether it is a CT by its header, or by its values: air at -1000 and bone.

    `as_mr` are the findings on its values as those of an MR, where they are known.
    """
    if volume.origin and volume.origin.modality == "CT":
        return True
    found = find_modality("MR").check(volume.voxels, "") if as_mr is None else as_mr
    unlike_mr = any(one.code == "implausible-mr" for one in found)
    return volume.channels == 1 and unlike_mr and not find_modality("CT").check(volume.voxels, "")


def brain_window(ct: Volume) -> Volume:
    """A CT in HU as an image of 0 to 80 without a unit, in the type of its voxels."""
    return ct.like(np.clip(ct.voxels, LOW, HIGH))


def ct_as_contrast(where: str) -> Finding:
    """That a model of MR takes a CT."""
    return Finding(
        code="ct-as-contrast",
        severity="warn",
        where=where,
        what=f"is a CT, and the model takes its HU from {LOW} to {HIGH} as one more contrast",
        consequence="what a CT hardly shows, such as grey and white matter, is guessed by its place",
        advice="compare it with the CT before you use it",
    )
