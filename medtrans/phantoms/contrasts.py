"""How a head looks to a scanner.

    spin echo            S = PD (1 - exp(-TR/T1)) exp(-TE/T2)
    inversion recovery   S = PD |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2),    TI such that CSF vanishes

Haacke et al., Magnetic Resonance Imaging, 1999, chapters 8 and 26. CT is the table's HU with texture and noise.
Partial volume: tissues are painted on the fine grid and averaged to the voxels. Everything random is drawn from `dice`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

from medtrans.core.errors import UsageError
from medtrans.core.settings import did_you_mean
from medtrans.core.volume import Volume
from medtrans.phantoms.anatomy import Head
from medtrans.phantoms.fields import smooth_field
from medtrans.phantoms.tissues import NUMBER, TISSUES

Contrast = Literal["T1", "T2", "FLAIR", "PD", "CT"]
FULL_SCALE = 1000.0
"""Arbitrary units of water at full signal."""


@dataclass(frozen=True)
class Sequence:
    """Times in milliseconds; with `ti` an inversion recovery."""

    tr: float
    te: float
    ti: float | None = None


def nulling(t1: float, tr: float) -> float:
    """The inversion time at which a tissue vanishes: 1 - 2 exp(-TI/T1) + exp(-TR/T1) = 0."""
    return float(t1 * np.log(2 / (1 + np.exp(-tr / t1))))


SEQUENCES = {
    "T1": Sequence(tr=500, te=12),
    "T2": Sequence(tr=4500, te=95),
    "PD": Sequence(tr=4500, te=15),
    "FLAIR": Sequence(tr=9000, te=110, ti=nulling(TISSUES[NUMBER["CSF"]].t1, 9000)),
}


def signal(pd: np.ndarray, t1: np.ndarray, t2: np.ndarray, sequence: Sequence) -> np.ndarray:
    """The signal equations, for arrays of tissues; relative to fully relaxed water."""
    tr, te, ti = sequence.tr, sequence.te, sequence.ti
    recovered = 1 - np.exp(-tr / t1) if ti is None else np.abs(1 - 2 * np.exp(-ti / t1) + np.exp(-tr / t1))
    return np.asarray(pd * recovered * np.exp(-te / t2))


def paint(
    head: Head,
    contrast: str,
    dice: np.random.Generator,
    *,
    noise: float = 0.01,
    bias: float = 0.1,
    variation: float = 0.03,
    randomised: bool = False,
) -> Volume:
    """The head as `contrast` shows it: MR in float32 arbitrary units, CT in HU.

    `noise` and `bias` are relative to water, `variation` is the spread of PD, T1, T2 between people. `randomised`
    draws sequence, resolution and tone anew: near the contrast in half of the draws, any contrast at all in the other.
    """
    if contrast == "CT":
        return _paint_ct(head, dice)
    if contrast not in SEQUENCES:
        raise UsageError("contrast", f"nothing is named {contrast!r}", did_you_mean(contrast, [*SEQUENCES, "CT"]))
    if randomised:
        noise, bias, variation = dice.uniform(0, 0.04), dice.uniform(0, 0.4), 0.1
    table = _signals(contrast, dice, variation, randomised)
    image = _averaged(head, table, spread=0.03 * table, dice=dice)
    if randomised:
        image = _degraded(image, dice)
    image *= np.exp(bias * smooth_field(dice, image.shape, max(image.shape) / 2.5))
    deviation = noise * FULL_SCALE * float(np.percentile(table, 90)) / FULL_SCALE
    real, imaginary = (deviation * dice.standard_normal(image.shape, np.float32) for _ in range(2))
    return head.grid.like(np.hypot(image + real, imaginary).astype(np.float32))


def _signals(contrast: str, dice: np.random.Generator, variation: float, randomised: bool) -> np.ndarray:
    """The signal of each tissue in this person and on this scanner, in arbitrary units."""
    if randomised and dice.random() < 0.5:
        return _any_contrast(dice)
    pd, t1, t2 = (np.array([getattr(tissue, name) for tissue in TISSUES]) for name in ("pd", "t1", "t2"))
    spread = np.exp(variation * dice.standard_normal((3, len(TISSUES))))
    sequence = SEQUENCES[contrast]
    if randomised:
        tr, te = sequence.tr * dice.uniform(0.6, 1.4), sequence.te * dice.uniform(0.3, 1.3)
        sequence = Sequence(tr, te, sequence.ti)
        if contrast == "T1" and dice.random() < 0.5:
            sequence = Sequence(2300, 3, dice.uniform(750, 1100))
    return FULL_SCALE * signal(pd * spread[0], t1 * spread[1], t2 * spread[2], sequence)


def _any_contrast(dice: np.random.Generator) -> np.ndarray:
    """Any signal for any tissue that has one; air has none, bone little (Billot et al., SynthSeg, 2023)."""
    table = FULL_SCALE * dice.uniform(0.1, 1.0, len(TISSUES))
    table[NUMBER["air outside"]] = table[NUMBER["air inside"]] = 0.0
    table[NUMBER["cortical bone"]] = FULL_SCALE * dice.uniform(0, 0.2)
    return table


def _paint_ct(head: Head, dice: np.random.Generator) -> Volume:
    table = np.array([tissue.hu for tissue in TISSUES], np.float64)
    spread = np.array([tissue.hu_spread for tissue in TISSUES])
    image = _averaged(head, table, spread, dice)
    image += np.where(head.body, 8 * dice.standard_normal(image.shape, np.float32), 0)
    return head.grid.like(np.clip(np.rint(image), -1024, 3071).astype(np.int16))


def _averaged(head: Head, table: np.ndarray, spread: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """`table` looked up on the fine grid, with smooth texture of deviation `spread`, averaged to the voxels."""
    fine = head.fine
    texture = smooth_field(dice, fine.shape, 3.0 * head.factor)
    image = table.astype(np.float32)[fine] + spread.astype(np.float32)[fine] * texture
    f = head.factor
    if f == 1:
        return np.asarray(ndimage.gaussian_filter(image, 0.45), np.float32)
    i, j, k = head.grid.shape
    return np.asarray(image.reshape(i, f, j, f, k, f).mean(axis=(1, 3, 5)), np.float32)


def _degraded(image: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Thicker voxels along one axis, a little blur, another tone curve."""
    sigma = np.full(3, dice.uniform(0, 0.6))
    sigma[dice.integers(3)] += dice.uniform(0, 1.2) if dice.random() < 0.5 else 0
    top = float(np.percentile(image, 99.5)) or 1.0
    tone = np.exp(dice.uniform(-0.35, 0.35))
    return np.asarray(top * (ndimage.gaussian_filter(image, sigma) / top) ** np.float32(tone), np.float32)
