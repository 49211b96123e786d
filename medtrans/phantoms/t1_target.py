"""The T1 that painted pairs have as their target: an MPRAGE of 1.5 T without noise and bias.

Programs that want a T1 were made for it. Its CSF is nearly black, and grey matter has two thirds of the signal of white
matter, four fifths in a spin echo of 500 ms.
"""

from __future__ import annotations

import numpy as np

from medtrans.core.volume import Volume
from medtrans.degradations._signal_equations import Sequence, signal
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.contrasts import paint_mr
from medtrans.phantoms.mr_appearance import Appearance
from medtrans.phantoms.signals import FULL_SCALE, table

MPRAGE = Sequence(tr=2000, te=3, ti=900)
TESLA = 1.5
TEXTURE = 0.03
"""Relative standard deviation within each tissue."""


def t1_target(head: Head, rng: np.random.Generator) -> Volume:
    """The T1 of a head, 0 outside of it: float32, arbitrary units."""
    signals = FULL_SCALE * signal(*table(TESLA), MPRAGE)
    image = paint_mr(head, Appearance(tuple(signals), tuple(TEXTURE * signals), noise=0.0, bias=0.0), rng)
    return image.like(np.where(head.mask.voxels > 0, image.voxels, 0))
