"""Score what a translation says of its own error: its spread over the answers drawn, against the error it made."""

from __future__ import annotations

import math

from medtrans.core.errors import InputRefused
from medtrans.core.metric import Score
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import refuse_not_finite, refuse_other_grid
from medtrans.evaluating.metric_specs import to_sentence
from medtrans.evaluating.scoring import Arrays
from medtrans.metrics import uncertainty as spreads

MEASURES = {name: spreads.load(name)() for name in spreads.names()}
SENTENCES = tuple(to_sentence(name, measure) for name, measure in MEASURES.items())
"""What they are: of the definition of scores that spreads are among."""


def evaluate_spread(
    translated: Volume, target: Volume, spread: Volume, mask: Volume | None, *, case: str = "", subject: str = ""
) -> list[Score]:
    """How well `spread`, in the unit of the translation, tells its error, by every metric of spreads.

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
    scores = []
    for metric, measure in MEASURES.items():
        try:
            value, note = measure(error, deviation), measure.remark(error, deviation)
        except InputRefused as reason:
            value, note = math.nan, reason.what
        scores.append(Score(name, subject or name, "translated", metric, value, direction=measure.direction, note=note))
    return scores
