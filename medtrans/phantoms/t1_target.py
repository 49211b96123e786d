"""The T1 that painted pairs have as their target: of a random scanner, without noise, blur and chemical shift.

The target of a T1 is this T1 as its scanner would show it without them, with its contrast, texture and coil: a network
learns to mend it, and to keep the rest. From other sources it learns what T1 of many scanners, MPRAGE and spin echoes,
have in common, without a coil. White matter has the same signal in all, and nothing more than twice that.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.contrasts import paint_mr
from medtrans.phantoms.mr_appearance import Appearance, other_scanner
from medtrans.phantoms.tissues import TISSUES

WHITE_MATTER = 500.0
"""Arbitrary units; that of an MPRAGE of 1.5 T by the signal equations, with fully relaxed water at 1000."""
BRIGHTEST = 2 * WHITE_MATTER
"""Of fat, which in some T1 is so bright that a network would learn little else."""


def clean_t1(head: Head, rng: np.random.Generator, source: Appearance | None = None) -> Volume:
    """The T1 of a head, 0 outside of it: float32. That of `source`, a T1, or else of a random scanner.

    Texture and coil of a source are those of the image that `rng` would paint of it in this state.
    """
    flat = (0.0,) * len(TISSUES)
    shown = source or replace(other_scanner("T1", rng), texture=flat, bias=0.0, surface=0.0)
    clean = replace(shown, noise=0.0, blur=(0.0, 0.0, 0.0), fat_shift=(0, 0.0))
    image = paint_mr(head, clean, rng).voxels * np.float32(WHITE_MATTER / clean.shown("white matter"))
    return head.grid.like(np.where(head.mask.voxels > 0, np.minimum(image, BRIGHTEST), 0)[0])
