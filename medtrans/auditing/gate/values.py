"""Findings on the values of an image: another modality, an image that was normalised before, an offset, noise."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from medtrans.auditing.gate.measure import Measured
from medtrans.auditing.gate.scale import WORDS, scale_of
from medtrans.auditing.gate.signature import Signature
from medtrans.core.finding import Finding, Severity
from medtrans.core.image_kinds import attenuation_unit, hu_offset, phase_unit
from medtrans.core.modality import find_modality

MIN_EVEN, TRAINED_EVEN, MAX_LABELS = 0.6, 0.3, 256
"""Share of equal neighbours in a label map, and in training images that are none; most labels."""
MIN_SATURATED, MAX_EVENNESS, MIN_RISE = 0.01, 0.2, 1.2
"""A CT in a display window: bone at the highest value, soft tissue of one grey, bone brighter than it. Of a CT + 1024
the evenness is 0.01 in a head and 0.09 in a trunk, of an MR 0.1 to 2."""
BONE_ABOVE_HU, MIN_BONE = 300.0, 0.003
MIN_SCALE_SHARE = 0.05
"""Of the training images on a scale, from which it is no surprise."""
OFFSET, OFFSET_TIMES = 0.35, 1.5
"""Air in parts of the signal of the body; and in parts of the highest of the training."""
NOISE_TIMES, MIN_NOISE = 1.5, 0.2
MIN_ECHO, ECHO_DEVIATIONS = 0.11, 2.0
"""Above the mean of the training; a quantile of few images hangs on whether one of them was painted with ghosts."""
EXTREMES = (-32768, 32767)
CONTRAST_NUMBERS = ("scalp", "skull", "rim", "deep", "dip", "evenness", "q5", "q25", "q50", "q75", "q95")
CONTRAST_DEVIATION = {"scalp": 0.15, "skull": 0.08, "rim": 0.03, "deep": 0.03, "dip": 0.08, "evenness": 0.06}
CONTRAST_FLOOR = 0.04
"""Added in quadrature to the deviation of the training images, of which there may be few."""
CONTRAST_WARN, CONTRAST_REFUSE = 1.2, 6.0
"""Root mean square of the deviations of the contrast numbers, in standard deviations of the training."""


def found(code: str, severity: Severity, what: str, meaning: str, advice: str, **numbers: float) -> Finding:
    """A finding whose place is filled in later."""
    return Finding(
        code=code, severity=severity, where="", what=what, consequence=meaning, advice=advice, numbers=numbers
    )


def other_modality(one: Measured, signature: Signature) -> Iterator[Finding]:
    """An image that is not of the modality of the training, whatever its header says; the first reason only."""
    voxels, numbers = one.volume.voxels, one.numbers
    meaning = f"the model was trained with {signature.modality}, and a result from another kind of image is wrong"
    advice = f"give {signature.modality}, or a model for this kind of image (medtrans list models)"
    what = ""
    if signature.modality == "CT":
        what = "is no CT in HU by its values" if _is_no_ct(one) else ""
    elif signature.modality == "MR":
        offset = hu_offset(voxels)
        if find_modality("MR").check(voxels, "") and not find_modality("CT").check(voxels, ""):
            what = "is a CT by its values, in HU"
        elif offset is not None and _is_ct_with(offset, one):
            what = f"is a CT by its values: HU + about {offset:g}"
        elif unit := attenuation_unit(voxels):
            what = f"is an attenuation map by its values, in {unit}"
        elif is_windowed_ct(one):
            what = (
                "is a CT in a display window by its content: grey soft tissue of one value, and clipped bone around it"
            )
    if not what and numbers["even"] > MIN_EVEN and numbers["distinct"] <= MAX_LABELS:
        if signature.numbers["even"].mean < TRAINED_EVEN:
            what = f"is a label map or a mask by its values: {numbers['even']:.0%} of neighbours are equal"
    if what:
        yield found("other-modality", "refuse", what, meaning, advice)


def _is_ct_with(offset: float, one: Measured) -> bool:
    """Whether there is bone, and soft tissue is of nearly one grey: the values of an MR can lie there by chance."""
    bone = np.mean(one.volume.voxels > offset + BONE_ABOVE_HU)
    return bool(bone > MIN_BONE) and one.numbers["evenness"] < MAX_EVENNESS


def is_windowed_ct(one: Measured) -> bool:
    """Whether bone is clipped at the highest value around soft tissue of one grey."""
    numbers = one.numbers
    return (
        numbers["saturated"] > MIN_SATURATED
        and numbers["evenness"] < MAX_EVENNESS
        and numbers["bone_rise"] > MIN_RISE
        and numbers["distinct"] <= MAX_LABELS
    )


def _is_no_ct(one: Measured) -> bool:
    return any(finding.code == "implausible-ct" for finding in find_modality("CT").check(one.volume.voxels, ""))


def is_phase(one: Measured) -> bool:
    """Whether the values are angles; the check of the modality says so, and nothing else can be measured."""
    return bool(phase_unit(one.volume.voxels))


def wrong_scale(one: Measured, signature: Signature, *, subtracted: bool) -> Iterator[Finding]:
    """Already normalised, or with an offset; `subtracted` is whether the preparation takes the value of air away.

    Not asked of a CT: its unit is known, and its air is not 0.
    """
    if signature.modality == "CT":
        return
    scale, numbers = scale_of(one.numbers), one.numbers
    if signature.scales.get(scale, 0.0) < MIN_SCALE_SHARE and scale in WORDS:
        harmless = subtracted and scale != "standardised in the body"
        meaning = (
            "only the order of its values is used here, so that it does not matter unless values were clipped"
            if harmless
            else "dark tissue lies below air, and is taken for air or for other tissue"
        )
        advice = "give the image as scanned"
        yield found("already-normalised", "warn", f"{WORDS[scale]}: it was normalised before", meaning, advice)
        return
    highest = max(OFFSET, OFFSET_TIMES * signature.numbers["background"].high)
    if not -OFFSET < numbers["background"] < highest:
        what = f"air has the value {one.coarse.air:g}, not 0: an offset was added"
        meaning = "it is subtracted before translation" if subtracted else "every value is wrong by it"
        severity: Severity = "note" if subtracted else "warn"
        yield found("offset", severity, what, meaning, "subtract it from the image", air=one.coarse.air)


def extremes(one: Measured) -> Iterator[Finding]:
    """Voxels with the lowest or highest number of int16."""
    for value in EXTREMES:
        count = int(np.count_nonzero(one.volume.voxels == value))
        if count:
            what = f"{count} voxels are {value}, the {'lowest' if value < 0 else 'highest'} number of int16"
            meaning = "they are padding, an overflow or clipped values, and change means and scales"
            advice = "replace these voxels by the value of the background"
            yield found("int16-extremes", "warn", what, meaning, advice, count=count, value=value)


def quality(one: Measured, signature: Signature) -> Iterator[Finding]:
    """Thicker slices, more noise and stronger ghosts than in training."""
    numbers, typical = one.numbers, signature.numbers
    thickest = max(one.volume.spacing)
    if thickest > 1.1 * signature.slices_mm + 0.5:
        sides = " × ".join(f"{size:.3g}" for size in one.volume.spacing)
        what = f"slices are {thickest:.3g} mm thick ({sides} mm); the model was trained to {signature.slices_mm:.3g} mm"
        meaning = "thin structures between the slices are invented; bone is unreliable"
        yield found("thick-slices", "warn", what, meaning, "scan thinner slices", thickest=thickest)
    if numbers["noise"] > max(NOISE_TIMES * typical["noise"].high, MIN_NOISE):
        what = f"noise is {numbers['noise']:.0%} of the signal, in training up to {typical['noise'].high:.0%}"
        meaning = "borders of bone and air are unreliable"
        yield found("noisy", "warn", what, meaning, "average or denoise the image", noise=numbers["noise"])
    if numbers["echo"] > max(MIN_ECHO, signature.above("echo", ECHO_DEVIATIONS)):
        what = f"ghosts: the image repeats itself with about {numbers['echo']:.0%} of its signal along one axis"
        meaning = "ghosts lie within the body, too, and are translated as if they were tissue"
        yield found("ghosts", "warn", what, meaning, "scan again, or look at the result there", echo=numbers["echo"])


def contrast_distance(one: Measured, signature: Signature) -> float:
    """Root mean square deviation of the contrast of an image from that of the training; nan where not measured."""
    squares = [
        min(((one.numbers[name] - typical.mean) / _contrast_deviation(name, typical.deviation)) ** 2, 400.0)
        for name in CONTRAST_NUMBERS
        if math.isfinite((typical := signature.numbers[name]).mean) and math.isfinite(one.numbers[name])
    ]
    return math.sqrt(sum(squares) / len(squares)) if squares else math.nan


def other_contrast(one: Measured, signature: Signature) -> Iterator[Finding]:
    """Tissue as bright as in no training image; not asked of a model for any contrast."""
    if signature.any_contrast or not (distance := contrast_distance(one, signature)) > CONTRAST_WARN:
        return
    severity: Severity = "refuse" if distance > CONTRAST_REFUSE else "warn"
    what = f"its contrast is not that of the training: {distance:.1f} standard deviations from it"
    meaning = "tissues are mistaken for each other"
    advice = "give the sequence that the model was trained with, or a model for any contrast (head-mr-to-ct)"
    yield found("other-contrast", severity, what, meaning, advice, distance=distance)


def _contrast_deviation(name: str, of_training: float) -> float:
    return math.hypot(of_training, CONTRAST_DEVIATION.get(name, CONTRAST_FLOOR))
