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

from medtrans.core.arithmetic import exp, log


@dataclass(frozen=True)
class Sequence:
    """Times in milliseconds; with `ti` an inversion recovery."""

    tr: float
    te: float
    ti: float | None = None


def nulling(t1: float, tr: float) -> float:
    """The inversion time in ms at which a tissue vanishes: 1 - 2 exp(-TI/T1) + exp(-TR/T1) = 0."""
    return float(t1 * log(2 / (1 + exp(-tr / t1))))


def signal(pd: np.ndarray, t1: np.ndarray, t2: np.ndarray, times: Sequence) -> np.ndarray:
    """The equations above, for arrays of tissues; relative to fully relaxed water."""
    relaxing = exp(-times.tr / t1)
    recovered = 1 - relaxing if times.ti is None else np.abs(1 - 2 * exp(-times.ti / t1) + relaxing)
    return np.asarray(pd * recovered * exp(-times.te / t2))
