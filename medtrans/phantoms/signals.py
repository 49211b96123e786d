"""The signal equations of MR.

    spin echo            S = PD (1 - exp(-TR/T1)) exp(-TE/T2)
    inversion recovery   S = PD |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2)

Brown, Haacke et al., Magnetic Resonance Imaging, 2nd edition 2014, chapters 8 and 15,
https://doi.org/10.1002/9781118633953. FLAIR is the second with TI such that CSF vanishes; MPRAGE is taken for it too,
its train of small flips left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.suggestions import did_you_mean
from medtrans.phantoms.arithmetic import exp, log
from medtrans.phantoms.tissues import FIELDS, NUMBER, TISSUES

FULL_SCALE = 1000.0
"""Arbitrary units of fully relaxed water without decay."""


@dataclass(frozen=True)
class Sequence:
    """Times in milliseconds; with `ti` an inversion recovery."""

    tr: float
    te: float
    ti: float | None = None


TIMES = {
    "T1": Sequence(tr=500, te=12),
    "T2": Sequence(tr=4500, te=95),
    "PD": Sequence(tr=4500, te=15),
    "FLAIR": Sequence(tr=9000, te=110),
}
"""Usual times of a head protocol; the inversion time of FLAIR depends on the field."""


def sequence(contrast: str, tesla: float = 1.5) -> Sequence:
    """The sequence of a contrast. Raises UsageError on a name or a field strength without a table."""
    if contrast not in TIMES:
        raise UsageError("contrast", f"nothing is named {contrast!r}", did_you_mean(contrast, [*TIMES, "CT"]))
    if tesla not in FIELDS:
        raise UsageError("field", f"{tesla} tesla has no table of relaxation times", "give 1.5 or 3.0")
    times = TIMES[contrast]
    if contrast == "FLAIR":
        water, _ = TISSUES[NUMBER["CSF"]].relaxation(tesla)
        return Sequence(times.tr, times.te, nulling(water, times.tr))
    return times


def nulling(t1: float, tr: float) -> float:
    """The inversion time in ms at which a tissue vanishes: 1 - 2 exp(-TI/T1) + exp(-TR/T1) = 0."""
    return float(t1 * log(2 / (1 + exp(-tr / t1))))


def signal(pd: np.ndarray, t1: np.ndarray, t2: np.ndarray, times: Sequence) -> np.ndarray:
    """The equations above, for arrays of tissues; relative to fully relaxed water."""
    relaxing = exp(-times.tr / t1)
    recovered = 1 - relaxing if times.ti is None else np.abs(1 - 2 * exp(-times.ti / t1) + relaxing)
    return np.asarray(pd * recovered * exp(-times.te / t2))


def table(tesla: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """PD, T1 and T2 of every tissue, by its number."""
    t1, t2 = np.array([tissue.relaxation(tesla) for tissue in TISSUES], np.float64).T
    return np.array([tissue.pd for tissue in TISSUES]), t1, t2
