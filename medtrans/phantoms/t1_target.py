"""The T1 that painted pairs have as their target.

    source                                                        target
    any                                                           an MPRAGE of 1.5 T, without noise and coil
    with painting.keeps_t1, and where CSF is darker than          itself, without noise, blur and chemical shift
    grey, and grey than white matter

In an MPRAGE CSF is nearly black, and grey matter has two thirds of the signal of white matter. White matter has the
same signal in all targets, and nothing more than twice that.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from medtrans.core.volume import Volume
from medtrans.degradations._signal_equations import Sequence, signal
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.contrasts import paint_mr
from medtrans.phantoms.mr_appearance import Appearance
from medtrans.phantoms.signals import FULL_SCALE, table
from medtrans.phantoms.tissues import TISSUES

MPRAGE = Sequence(tr=2000, te=3, ti=900)
TESLA = 1.5
WHITE_MATTER = 500.0
"""Arbitrary units; that of the MPRAGE by the signal equations, with fully relaxed water at 1000."""
BRIGHTEST = 2 * WHITE_MATTER
"""Of fat, which in some T1 is so bright that a network would learn little else."""
APART = 0.95
"""Largest signal of a tissue in a T1, relative to that of the next brighter one."""


def is_t1(appearance: Appearance) -> bool:
    """Whether the brain looks as in a T1."""
    csf, grey, white = (appearance.shown(tissue) for tissue in ("CSF", "grey matter", "white matter"))
    return csf < APART * grey and grey < APART * white


def clean_t1(head: Head, rng: np.random.Generator, source: Appearance | None = None) -> Volume:
    """The T1 of a head, 0 outside of it: float32. That of `source`, a T1, or else an MPRAGE.

    Texture and coil of a source are those of the image that `rng` would paint of it in this state.
    """
    clean = replace(source or _mprage(), noise=0.0, blur=(0.0, 0.0, 0.0), fat_shift=(0, 0.0))
    image = paint_mr(head, clean, rng).voxels * np.float32(WHITE_MATTER / clean.shown("white matter"))
    return head.grid.like(np.where(head.mask.voxels > 0, np.minimum(image, BRIGHTEST), 0)[0])


def t1_signals() -> list[float]:
    """The signal of each tissue in the MPRAGE, by number, in the unit of `clean_t1`."""
    mprage = _mprage()
    scale = WHITE_MATTER / mprage.shown("white matter")
    return [min(signal * scale, BRIGHTEST) for signal in mprage.signals]


def _mprage() -> Appearance:
    """Flat within each tissue."""
    signals = FULL_SCALE * signal(*table(TESLA), MPRAGE)
    return Appearance(tuple(signals.tolist()), (0.0,) * len(TISSUES), noise=0.0, bias=0.0)
