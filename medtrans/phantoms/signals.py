"""Signals of the tissues of a head, in the sequences of a usual protocol."""

from __future__ import annotations

import numpy as np

from medtrans.core.errors import UsageError
from medtrans.core.suggestions import did_you_mean
from medtrans.degradations._signal_equations import Sequence, nulling
from medtrans.phantoms.tissues import FIELDS, NUMBER, TISSUES

FULL_SCALE = 1000.0
"""Arbitrary units of fully relaxed water without decay."""


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
        water, _ = TISSUES[NUMBER["CSF"]].relaxation.times(tesla)
        return Sequence(times.tr, times.te, nulling(water, times.tr))
    return times


def table(tesla: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """PD, T1 and T2 of every tissue, by its number."""
    t1, t2 = np.array([tissue.relaxation.times(tesla) for tissue in TISSUES], np.float64).T
    return np.array([tissue.relaxation.pd for tissue in TISSUES]), t1, t2
