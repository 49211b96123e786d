"""Summary of an insertion audit: d′, detection, and the diameter that is detected half the time, for each image.

A lesion is detected where the observer's statistic is above that of 95 % of the same places without a lesion.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import scipy

from medtrans.auditing.case_audit import SOURCE, TARGET, TRANSLATED
from medtrans.auditing.half_detected import half_diameter, half_interval
from medtrans.auditing.insertion_audit import Observed, by_cell
from medtrans.auditing.observer import detectability, scores
from medtrans.auditing.rates import percent, rate
from medtrans.auditing.read_insertions import ceiling_of
from medtrans.core.finding import Finding, Outcome, Verdict
from medtrans.core.insertion import InsertedLesion

FALSE_POSITIVES = 0.05
MIN_PATIENTS = 6
"""From so many on, patients are resampled; below, lesions, and the interval holds for these images alone."""
FOLDS = 6
VISIBLE = 0.8
"""Share of the lesions of one size and contrast that the observer detects in the source, where it could be known; and
the share of these that a translation must keep."""
IMAGES = (SOURCE, TARGET, TRANSLATED)
Flags = Callable[[InsertedLesion], Mapping[str, bool]]
DETECTED_BY: dict[str, Flags] = {"observer": lambda one: one.detected, "detector": lambda one: one.read}
NO_CEILING = (
    "the detector reads neither the source nor a real image, so that what it misses in translations may be its own "
    "failing: give --target"
)


def lesions_of(observed: Sequence[Observed]) -> list[InsertedLesion]:
    """Each inserted lesion with the observer's statistic, in the order of contrast and diameter."""
    found = []
    for (contrast, diameter), cell in by_cell(observed).items():
        statistics = {image: _statistics(cell, image) for image in _images(cell)}
        for number, one in enumerate(cell):
            affine = one.case.source.affine
            x, y, z = (affine[:3, :3] @ np.array(one.ball.centre) + affine[:3, 3]).tolist()
            found.append(
                InsertedLesion(
                    case=one.case.name,
                    subject=one.case.subject,
                    diameter_mm=diameter,
                    contrast=contrast,
                    centre_mm=(x, y, z),
                    change=one.change,
                    scores={image: float(with_[number]) for image, (with_, _) in statistics.items()},
                    detected={image: bool(with_[number] > _limit(no)) for image, (with_, no) in statistics.items()},
                    read=one.read,
                    read_without=one.read_without,
                )
            )
    return found


def cell_rows(observed: Sequence[Observed]) -> list[dict[str, Any]]:
    """A row for each image, contrast and diameter."""
    rows = []
    for (contrast, diameter), cell in by_cell(observed).items():
        for image in _images(cell):
            with_, without = _statistics(cell, image)
            limit = _limit(without)
            value, low, high = _d_prime(cell, image)
            rows.append(
                {
                    "image": image,
                    "contrast": contrast,
                    "diameter_mm": diameter,
                    "lesions": len(cell),
                    "patients": len({one.case.subject for one in cell}),
                    "d_prime": value,
                    "low": low,
                    "high": high,
                    "detected": int(np.count_nonzero(with_ > limit)),
                    "false_positives": int(np.count_nonzero(without > limit)),
                    "change": float(np.mean([one.change for one in cell])) if image == TRANSLATED else math.nan,
                    **_read_counts(cell, image),
                }
            )
    return sorted(rows, key=lambda row: (IMAGES.index(row["image"]), row["contrast"]))


def half_rows(lesions: Sequence[InsertedLesion], seed: int = 0) -> list[dict[str, Any]]:
    """A row for each image, contrast and who detects: 0 is below the smallest diameter, inf above the largest."""
    rows = []
    for by, flags_of in DETECTED_BY.items():
        for image in IMAGES:
            for contrast in sorted({one.contrast for one in lesions}):
                own = [one for one in lesions if one.contrast == contrast and image in flags_of(one)]
                if own:
                    flags = np.array([flags_of(one)[image] for one in own], float)
                    sizes = np.array([one.diameter_mm for one in own])
                    low, high = half_interval(sizes, flags, groups([one.subject for one in own]), seed)
                    middle = {"diameter_mm": half_diameter(sizes, flags), "low": low, "high": high}
                    rows.append({"image": image, "by": by, "contrast": contrast, **middle})
    return rows


def kept_verdict(lesions: Sequence[InsertedLesion]) -> Verdict:
    """Whether lesions that the source shows are in the translation, too."""
    question = "Does the translation keep the lesions that the source shows?"
    return _kept("inserted-kept", question, lesions, DETECTED_BY["observer"], SOURCE)


def read_verdict(lesions: Sequence[InsertedLesion]) -> Verdict:
    """Whether the detector reads in the translation what it reads in the real image, or in the source."""
    ceiling = ceiling_of(lesions)
    where = {TARGET: "the real image", SOURCE: "the source", None: "the real image"}[ceiling]
    question = f"Does the detector find in the translation what it finds in {where}?"
    if ceiling is None:
        return Verdict(code="inserted-read", question=question, outcome="not assessable", reason=NO_CEILING, numbers={})
    return _kept("inserted-read", question, lesions, DETECTED_BY["detector"], ceiling)


def _kept(code: str, question: str, lesions: Sequence[InsertedLesion], flags_of: Flags, ceiling: str) -> Verdict:
    """Of lesions that are found in the `ceiling`, at sizes and contrasts of which most are."""
    shares: dict[tuple[float, float], list[InsertedLesion]] = {}
    for one in lesions:
        shares.setdefault((one.contrast, one.diameter_mm), []).append(one)
    visible = [
        one
        for cell in shares.values()
        if np.mean([flags_of(each)[ceiling] for each in cell]) >= VISIBLE
        for one in cell
        if flags_of(one)[ceiling]
    ]
    kept, patients = sum(flags_of(one)[TRANSLATED] for one in visible), len({one.subject for one in visible})
    found = rate(kept, len(visible))
    numbers = {"kept": kept, "visible": len(visible), "low": found.low, "high": found.high, "patients": patients}

    def verdict(outcome: Outcome, reason: str) -> Verdict:
        return Verdict(code=code, question=question, outcome=outcome, reason=reason, numbers=numbers)

    if not visible:
        name = {SOURCE: "sources", TARGET: "real images"}[ceiling]
        why = f"no size and contrast is detected in {VISIBLE:.0%} of the {name}: insert larger or stronger ones"
        return verdict("not assessable", why)
    words = f"{kept} of {len(visible)} (95 % bounds {percent(found.low)} and {percent(found.high)})"
    if found.high < VISIBLE:
        return verdict("fail", f"{words}, less than {VISIBLE:.0%}")
    if patients < MIN_PATIENTS:
        return verdict("not assessable", f"{words}, in {patients} patients; {MIN_PATIENTS} would be enough for a claim")
    if found.low >= VISIBLE:
        return verdict("pass", words)
    return verdict("not assessable", f"{words}: more lesions are needed to tell it from {VISIBLE:.0%}")


def few_patients(observed: Sequence[Observed]) -> list[Finding]:
    """A note where intervals hold for these patients alone."""
    count = len({one.case.subject for one in observed})
    if count >= MIN_PATIENTS:
        return []
    what = f"{count} patient{'s' if count > 1 else ''}: intervals are over lesions, and hold for these images alone"
    advice = f"give {MIN_PATIENTS} or more for an interval over patients"
    return [Finding(code="few-patients", severity="note", where="audit insert", what=what, advice=advice)]


def groups(subjects: Sequence[str]) -> list[int]:
    """What is resampled: patients, or the lesions of few patients."""
    names = sorted(set(subjects))
    return [names.index(one) for one in subjects] if len(names) >= MIN_PATIENTS else list(range(len(subjects)))


def _read_counts(cell: Sequence[Observed], image: str) -> dict[str, int]:
    """Lesions that the detector reads, and the same places where it does without them; empty where it reads none."""
    if not all(image in one.read for one in cell):
        return {}
    return {name: sum(getattr(one, name)[image] for one in cell) for name in ("read", "read_without")}


def _statistics(cell: Sequence[Observed], image: str) -> tuple[np.ndarray, np.ndarray]:
    """With and without lesions, by observers that were fitted to others."""
    numbers = np.array(groups([one.case.subject for one in cell]))
    if len(cell) < 2:
        return np.full(len(cell), math.nan), np.full(len(cell), math.nan)
    return scores(_outputs(cell, image, "present"), _outputs(cell, image, "absent"), numbers % FOLDS)


def _d_prime(cell: Sequence[Observed], image: str) -> tuple[float, float, float]:
    """d′ with its 95 % interval, by the jackknife: in a bootstrap, repeated places would shrink the covariance."""
    present, absent = _outputs(cell, image, "present"), _outputs(cell, image, "absent")
    value, own = detectability(present, absent), np.array(groups([one.case.subject for one in cell]))
    each = np.array([detectability(present[own != one], absent[own != one]) for one in np.unique(own)])
    count = len(each)
    if count < 2 or not np.isfinite(each).all():
        return value, math.nan, math.nan
    error = math.sqrt((count - 1) * float(each.var()))
    half = float(scipy.stats.t.ppf(0.975, count - 1)) * error
    return value, max(value - half, 0.0), value + half


def _outputs(cell: Sequence[Observed], image: str, which: str) -> np.ndarray:
    return np.array([getattr(one, which)[image] for one in cell])


def _limit(without: np.ndarray) -> float:
    """The statistic that at most 5 % of the places without a lesion exceed."""
    return float(np.quantile(without, 1 - FALSE_POSITIVES, method="higher"))


def _images(cell: Sequence[Observed]) -> list[str]:
    return [image for image in IMAGES if all(image in one.present for one in cell)]
