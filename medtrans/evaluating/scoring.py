"""Score one translation against its target."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.metric import Definition, Score, Spacing
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import (
    doubt_hounsfield,
    doubt_magnitude,
    refuse_air,
    refuse_no_dose,
    refuse_not_finite,
    refuse_other_grid,
)
from medtrans.evaluating.metric_specs import LabelledMetric, MetricSpec, measures
from medtrans.evaluating.presets import find_preset

EVERYTHING = "none: whole volume"


def definition(preset: str, mask: str = EVERYTHING, also: Sequence[MetricSpec] = ()) -> Definition:
    """What scores under `preset` and of metrics `also` asked for mean; `mask` says in words which voxels count."""
    asked = find_preset(preset)
    meaning = asked.definition(mask)
    said = (measure.sentence for measure in measures(asked, also) if measure.sentence)
    return replace(meaning, details=(*meaning.details, *said))


def evaluate(
    translated: Volume,
    target: Volume,
    mask: Volume | None,
    preset: str,
    *,
    also: Sequence[MetricSpec] = (),
    case: str = "",
    subject: str = "",
    system: str = "translated",
) -> list[Score]:
    """The preset's scores of one case and those of metrics `also` asked for; of several channels the mean.

    Volumes on one grid, in the target's unit; `mask` counts where it is above 0, None counts every voxel. A metric that
    cannot be computed is nan, its reason in the note; the note also says when the translation looks wrong.
    Raises GridMismatch where the grids differ, InputRefused where the pair cannot be scored at all, UsageError where
    what is asked for is not known.
    """
    asked, name = find_preset(preset), case or "case"
    measured = measures(asked, also)
    pair = Arrays.of(translated, target, mask, name)
    refuse_not_finite(name, "translated", pair.translated, pair.within)
    refuse_not_finite(name, "target", pair.target, pair.within)
    pair, doubt = {"CT": _hounsfield, "MR": _by_percentile, "dose": _dose}[asked.kind](pair, name)
    return [_score(measure, pair, target.spacing, doubt, (name, subject or name, system)) for measure in measured]


def scored_on(target: Volume, mask: Volume | None) -> dict[str, str]:
    """Hashes of the voxels that a case was scored on: scores on others must not be compared. `target` as measured."""
    counted = b"" if mask is None else np.packbits(mask.voxels > 0).tobytes()
    seen = {"target": np.ascontiguousarray(target.voxels, np.float32).tobytes(), "mask": counted}
    return {role: hashlib.sha256(voxels).hexdigest()[:16] for role, voxels in seen.items()}


@dataclass(frozen=True, eq=False)
class Arrays:
    """(channel, i, j, k) in single precision, and which voxels (i, j, k) count."""

    translated: np.ndarray
    target: np.ndarray
    within: np.ndarray

    @classmethod
    def of(cls, translated: Volume, target: Volume, mask: Volume | None, name: str) -> Arrays:
        refuse_other_grid(name, target, "translated", translated)
        if translated.channels != target.channels:
            what = f"target has {target.channels} channels, translated has {translated.channels}"
            raise InputRefused(name, what, "score one contrast at a time")
        x, y = (np.ascontiguousarray(volume.voxels, np.float32) for volume in (translated, target))
        if mask is None:
            return cls(x, y, np.ones(target.shape, bool))
        refuse_other_grid(name, target, "mask", mask)
        if mask.channels != 1:
            raise InputRefused(name, f"the mask has {mask.channels} channels", "give a mask of one channel")
        return cls(x, y, np.ascontiguousarray(mask.voxels[0] > 0))


def _hounsfield(pair: Arrays, name: str) -> tuple[Arrays, str]:
    doubt = doubt_hounsfield(pair.target)
    if doubt:
        raise InputRefused(name, f"target {doubt}", "give the target in HU, or take the preset mr-percentile")
    refuse_air(name, pair.target[:, pair.within])
    doubt = doubt_hounsfield(pair.translated)
    return pair, f"warning: the translation {doubt}" if doubt else ""


def _by_percentile(pair: Arrays, name: str) -> tuple[Arrays, str]:
    """Both divided by the target's 99.5th percentile in the mask, then clipped to 0 … 1."""
    if not pair.within.any():
        return pair, ""
    seen = pair.target[:, pair.within]
    top = float(np.percentile(seen, 99.5))
    if top <= 0:
        raise InputRefused(name, f"the target's 99.5th percentile in the mask is {top:g}", "give magnitudes above 0")
    doubt = doubt_magnitude(seen)
    x, y = (np.clip(image / np.float32(top), 0, 1) for image in (pair.translated, pair.target))
    return Arrays(x, y, pair.within), f"warning: the target is no magnitude image: {doubt}" if doubt else ""


def _dose(pair: Arrays, name: str) -> tuple[Arrays, str]:
    refuse_no_dose(name, "target", pair.target[:, pair.within])
    return pair, ""


def _score(measure: LabelledMetric, pair: Arrays, spacing: Spacing, doubt: str, whose: tuple[str, str, str]) -> Score:
    metric, notes = measure.metric, [doubt] if doubt else []
    try:
        channels = zip(pair.translated, pair.target, strict=True)
        value = _mean([metric(one, other, pair.within, spacing) for one, other in channels])
    except InputRefused as reason:
        value, notes = math.nan, [reason.what, *notes]
    if math.isinf(value):
        notes.insert(0, "no difference in any voxel that counts")
    return Score(*whose, measure.label, value, measure.unit, metric.direction, "; ".join(notes))


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
