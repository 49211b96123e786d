"""Score what a translation says of its own error: its spread over the answers drawn, against the error it made."""

from __future__ import annotations

import math
from collections.abc import Callable

from medtrans.core.errors import InputRefused
from medtrans.core.metric import Score
from medtrans.core.volume import Volume
from medtrans.evaluating.cases import Arrays
from medtrans.evaluating.suitability import refuse_not_finite, refuse_other_grid
from medtrans.metrics.calibration import BINS, NOMINAL, WIDTH, calibration_error, coverage

SENTENCES = (
    f"calibration: expected normalised calibration error of the spread, {BINS} bins of equal count, of values as they "
    "are, neither clipped nor scaled (Levi et al. 2022).",
    f"coverage_error: | share of voxels with |error| ≤ {WIDTH} spread - {NOMINAL} |.",
)


def evaluate_spread(
    translated: Volume, target: Volume, spread: Volume, mask: Volume | None, *, case: str = "", subject: str = ""
) -> list[Score]:
    """How well `spread`, in the unit of the translation, tells its error: calibration and coverage.

    Volumes on one grid; `mask` counts where it is above 0, None counts every voxel. Raises GridMismatch, InputRefused.
    """
    name = case or "case"
    pair = Arrays.of(translated, target, mask, name)
    refuse_other_grid(name, target, "spread", spread)
    if spread.channels != target.channels:
        what = f"target has {target.channels} channels, spread has {spread.channels}"
        raise InputRefused(name, what, "score one contrast at a time")
    for role, voxels in (("translated", pair.translated), ("target", pair.target), ("spread", spread.voxels)):
        refuse_not_finite(name, role, voxels, pair.within)
    error = (pair.translated - pair.target)[:, pair.within].ravel()
    deviation = spread.voxels[:, pair.within].ravel()
    whose = name, subject or name
    return [
        _score(*whose, "calibration", lambda: (calibration_error(error, deviation), "")),
        _score(*whose, "coverage_error", lambda: _off(coverage(error, deviation))),
    ]


def _off(share: float) -> tuple[float, str]:
    return abs(share - NOMINAL), f"{share:.1%} of the errors lie within {WIDTH} of the spread"


def _score(case: str, subject: str, metric: str, measure: Callable[[], tuple[float, str]]) -> Score:
    try:
        value, note = measure()
    except InputRefused as reason:
        value, note = math.nan, reason.what
    return Score(case, subject, "translated", metric, value, note=note)
