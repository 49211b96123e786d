"""Scores of one translated image against its target, on the intensity scale of a preset."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from medtrans.core.errors import InputRefused
from medtrans.core.metric import CaseFacts, Spacing
from medtrans.core.score import TRANSLATED, Definition, Score
from medtrans.core.volume import Volume
from medtrans.evaluating.input_checks import (
    doubt_ct,
    doubt_magnitude,
    refuse_air,
    refuse_implausible,
    refuse_no_dose,
    refuse_not_finite,
    refuse_other_channels,
    refuse_other_grid,
    refuse_unfit_mask,
)
from medtrans.evaluating.mask_arrays import mask_array
from medtrans.evaluating.metric_specs import LabelledMetric, MetricSpec, labelled_metrics
from medtrans.evaluating.presets import find_preset

WHOLE_VOLUME = "none: whole volume"


def definition(preset: str, region: str = WHOLE_VOLUME, metrics: Sequence[MetricSpec] = ()) -> Definition:
    """The meaning of scores of `preset` and of further `metrics`; `region` says in words which voxels count."""
    chosen = find_preset(preset)
    meaning = chosen.definition(region)
    added = (metric.clause for metric in labelled_metrics(chosen, metrics) if metric.clause)
    return replace(meaning, clauses=(*meaning.clauses, *added))


def score_pair(
    translated: Volume,
    target: Volume,
    mask: Volume | None,
    preset: str,
    *,
    metrics: Sequence[MetricSpec] = (),
    case: str = "",
    subject: str = "",
    system: str = TRANSLATED,
    facts: CaseFacts | None = None,
) -> list[Score]:
    """Scores of the preset and of further `metrics`; with several channels their mean.

    Volumes on one grid, in the target's unit; `mask` counts where it is above 0, None counts every voxel. A metric that
    is undefined is nan, with the reason in the note; the note also gives reservations about the translation.
    Raises GridMismatch where the grids differ, InputRefused where the pair cannot be scored, UsageError on an unknown
    preset or metric.
    """
    chosen, name = find_preset(preset), case or "case"
    labelled = labelled_metrics(chosen, metrics)
    pair = Arrays.of(translated, target, mask, name)
    refuse_not_finite(name, "translated", pair.translated, pair.mask)
    refuse_not_finite(name, "target", pair.target, pair.mask)
    pair, note = SCALES[chosen.modality](pair, name)
    whose, facts = (name, subject or name, system), facts or CaseFacts()
    return [_score(metric, pair, target.spacing, note, whose, facts) for metric in labelled]


def input_hashes(
    target: Volume, mask: Volume | None, preset: str, case: str = "case", change: np.ndarray | None = None
) -> dict[str, str]:
    """Hashes of what is really compared: the target on the scale of the preset, in the mask, and the mask itself.

    `change`, an array of the shape of the mask, is that of the change mask between two visits.
    """
    pair = SCALES[find_preset(preset).modality](Arrays.of(target, target, mask, case), case)[0]
    voxels = {"target": pair.target[:, pair.mask].astype("<f4").tobytes(), "mask": np.packbits(pair.mask).tobytes()}
    if change is not None:
        voxels["change"] = np.packbits(change & pair.mask).tobytes()
    return {role: hashlib.sha256(content).hexdigest()[:16] for role, content in voxels.items()}


@dataclass(frozen=True, eq=False)
class Arrays:
    """Translation and target (channel, i, j, k) in single precision, and the mask (i, j, k)."""

    translated: np.ndarray
    target: np.ndarray
    mask: np.ndarray

    @classmethod
    def of(cls, translated: Volume, target: Volume, mask: Volume | None, case: str) -> Arrays:
        """Raises GridMismatch, and InputRefused on other channels."""
        refuse_other_grid(case, target, "translated", translated)
        refuse_other_channels(case, target, "translated", translated)
        x, y = (np.ascontiguousarray(volume.voxels, np.float32) for volume in (translated, target))
        if mask is not None:
            refuse_unfit_mask(case, target, mask)
        return cls(x, y, mask_array(mask, target))


def _in_hu(pair: Arrays, case: str) -> tuple[Arrays, str]:
    refuse_implausible(case, "target", "CT", pair.target)
    refuse_air(case, pair.target[:, pair.mask])
    reason = doubt_ct(pair.translated)
    return pair, f"the translation {reason}" if reason else ""


def _by_percentile(pair: Arrays, case: str) -> tuple[Arrays, str]:
    """Both divided by the target's 99.5th percentile in the mask, then clipped to 0 … 1."""
    if not pair.mask.any():
        return pair, ""
    values = pair.target[:, pair.mask]
    top = float(np.percentile(values, 99.5))
    if top <= 0:
        what = f"the target's 99.5th percentile in the mask is {top:g}"
        raise InputRefused(case, what, "give magnitudes above 0", "no-signal")
    reason = doubt_magnitude(values)
    x, y = (np.clip(image / np.float32(top), 0, 1) for image in (pair.translated, pair.target))
    return Arrays(x, y, pair.mask), f"the target is no magnitude image: {reason}" if reason else ""


def _in_gray(pair: Arrays, case: str) -> tuple[Arrays, str]:
    refuse_no_dose(case, "target", pair.target[:, pair.mask])
    return pair, ""


SCALES: dict[str, Callable[[Arrays, str], tuple[Arrays, str]]] = {
    "CT": _in_hu,
    "MR": _by_percentile,
    "dose": _in_gray,
}
"""Modality → both images on the scale on which they are compared, and a reservation about them."""


def _score(
    metric: LabelledMetric, pair: Arrays, spacing: Spacing, note: str, whose: tuple[str, str, str], facts: CaseFacts
) -> Score:
    notes = [note] if note else []
    try:
        channels = list(zip(pair.translated, pair.target, strict=True))
        values = [metric.metric.of_case(facts)(one, other, pair.mask, spacing) for one, other in channels]
        value = math.fsum(values) / len(values)
        notes += dict.fromkeys(filter(None, (metric.metric.remark(*images, pair.mask) for images in channels)))
    except InputRefused as reason:
        value, notes = math.nan, [reason.what, *notes]
    if math.isinf(value):
        notes.insert(0, "no difference in any voxel that counts")
    return Score(*whose, metric.id, value, metric.unit, metric.metric.direction, "; ".join(notes))
