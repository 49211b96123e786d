"""Hounsfield look-up table (HLUT): HU → relative density, linear between its rows.

The default is relative electron density by the two lines of Thomas, Br J Radiol 1999, 72:781, a default for unknown
scanners, https://doi.org/10.1259/bjr.72.860.10624344:

    ρ = 1 + HU/1000 up to ρ = 1.1,    ρ = 1 + HU/1950 above

These are the lines of its author's program (electron_density.m in https://github.com/mwgeurts/thomas_tomocalc), which
drops from 1.1 to 1.05 at 100 HU. Here the density stays at 1.1 until the second line gets there at 195 HU, so that no
higher HU has a lower one.
For dose use the table of your own scanner.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from medtrans.core.errors import UsageError

Hlut = tuple[tuple[float, float], ...]
THOMAS: Hlut = ((-1000.0, 0.0), (100.0, 1.1), (195.0, 1.1), (1950.0, 2.0), (3900.0, 3.0))


def density(hu: np.ndarray, hlut: Hlut) -> np.ndarray:
    """Relative to water, of values in HU; beyond the table its first and last row."""
    return np.interp(hu, [row[0] for row in hlut], [row[1] for row in hlut])


def refuse_disorder(metric: str, hlut: Hlut) -> None:
    """Raises UsageError where the table has fewer than two rows or does not go from low to high HU."""
    if len(hlut) < 2 or any(len(row) != 2 for row in hlut) or any(one[0] >= other[0] for one, other in pairwise(hlut)):
        raise UsageError(f"{metric}.hlut", f"{hlut} is no table of rising HU", "give [[HU, density], …], two or more")
