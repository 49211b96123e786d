"""Checks of a recipe whose sources are made from its targets, before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medtrans import degradations
from medtrans.core.degradation import LinearDegradation
from medtrans.core.errors import UsageError
from medtrans.core.method import Method
from medtrans.degradations._combinations import names_in
from medtrans.degradations._combinations.chain import Chain
from medtrans.degradations._record import common_modality, linear_names
from medtrans.preparing.degrading import DegradingSettings
from medtrans.preparing.null_space import acts_within_slices
from medtrans.preparing.patches import PLANES
from medtrans.preparing.settings import PreparingSettings
from medtrans.preparing.transforms._transform import SpatialTransform
from medtrans.reading.settings import ReadingSettings


def with_one_image(values: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Plain values of a recipe, in which the one image that is read stands for source and target.

    Raises UsageError where two are named.
    """
    reading, degrading = values.get("reading"), values.get("degrading")
    if not isinstance(degrading, Mapping) or not degrading.get("chain") or not isinstance(reading, Mapping):
        return values
    source, target = reading.get("source"), reading.get("target")
    if source and target and source != target:
        what = "is set, but degrading makes the sources from the targets"
        raise UsageError(f"{where}: reading.source", what, "leave it out, or take degrading out")
    return {**values, "reading": {**reading, "source": target or source, "target": target or source}}


def refuse_inconsistent(degrading: DegradingSettings, where: str) -> None:
    """Raises UsageError where sources are not made by one linear degradation each, or do not hold its measurements."""
    fitting = [name for name in linear_names() if getattr(degradations.load(name), "image_measures", False)]
    others = [name for name in names_in(degrading.chain) if name not in fitting]
    several = len(degrading.chain) > 1 or any(isinstance(step, Chain) for step in degrading.chain)
    if degrading.chain and (others or several):
        made_by = others[0] if others else "a chain of degradations"
        what = f"needs one linear degradation whose images hold their measurements, but sources are made by {made_by}"
        raise UsageError(where, what, f"set null, or degrade by one of {', '.join(fitting)}")


def refuse_null_space(
    degrading: DegradingSettings, preparing: PreparingSettings, method: type[Method], consistent: bool, where: str
) -> None:
    """Raises UsageError where no null-space network can be trained: items, degradation or method do not suit."""
    refuse_inconsistent(degrading, where)
    moves = [step for step in preparing.augmentation if isinstance(step, SpatialTransform)]
    if not degrading.chain or preparing.spatial_dims != 2 or preparing.patch or preparing.spacing or moves:
        what = "is defined for sources that degrading makes, in whole slices that are not moved"
        advice = "set preparing.spatial_dims: 2, patch: [], spacing: null, and no spatial augmentation"
        raise UsageError(where, what, advice)
    if not method.trains_null_space:
        raise UsageError(where, f"is no objective of {method.__name__}", "take the method regression, or set false")
    if not consistent:
        what = "leaves what the source determines to it, which a translation then needs"
        raise UsageError(where, what, "set translating.data_consistency: 0")
    step = degrading.chain[0]
    if not isinstance(step, LinearDegradation) or not acts_within_slices(step, PLANES[preparing.plane]):
        name = step.to_dict()["name"]
        what = f"needs one degradation that acts within {preparing.plane} slices, which {name} does not"
        raise UsageError(where, what, "choose another preparing.plane, or plane of the degradation")


def refuse_unsuited(
    degrading: DegradingSettings, reading: ReadingSettings, pairing: str, method: str, where: str
) -> None:
    """Raises UsageError where the degradations are not of the modality, or sources come from elsewhere."""
    if not degrading.chain:
        return
    if pairing != "paired":
        what = f"the method {method} is not trained with pairs ({pairing})"
        raise UsageError(where, what, "choose a method for pairs, such as regression, or take degrading out")
    if reading.follow_up:
        what = "makes each source from its target, but reading.follow_up takes another visit as the source"
        raise UsageError(where, what, "take one of them out")
    if len(reading.source.patterns) > 1:
        raise UsageError(where, "degrades one image for each case, but several patterns are read", "give one pattern")
    try:
        common_modality(names_in(degrading.chain), reading.source_modality)
    except UsageError as reason:
        raise UsageError(f"{where}.chain: {reason.where}", reason.what, reason.advice) from reason
