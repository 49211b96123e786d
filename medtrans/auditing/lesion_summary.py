"""Summary of a lesion audit over its cases: sensitivity, false positives, FROC, sizes, volumes, contrast.

The patient is the unit of intervals and bounds; counts of lesions are given beside them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

import numpy as np

from medtrans.auditing.case_audit import SOURCE, TARGET, TRANSLATED
from medtrans.auditing.rates import Rate, rate
from medtrans.core.lesion import SIZES, CaseAudit, Lesion
from medtrans.evaluating.statistics.agreement import bland_altman
from medtrans.evaluating.statistics.intervals import MIN_SUBJECTS_FOR_INTERVAL, mean_interval
from medtrans.evaluating.statistics.summary import by_subject

FROC_POINTS = 40


def summarise(cases: Sequence[CaseAudit], *, with_truth: bool) -> dict[str, Any]:
    """Plain values by name. `with_truth` is whether the reference are lesion masks, not the detector's own reading."""
    cases = [case for case in cases if case.readings]
    lesions = [lesion for case in cases for lesion in case.lesions]
    reference = [lesion for lesion in lesions if lesion.is_reference]
    return {
        "cases": len(cases),
        "cases_with_lesions": sum(case.reference_count > 0 for case in cases),
        "patients": len({case.subject for case in cases}),
        "lesions": len(reference),
        **{one: sum(lesion.status == one for lesion in lesions) for one in ("found", "missed", "invented")},
        "not_detectable": sum(lesion.status == "not detectable" for lesion in lesions),
        "found_at_iou_0.5": sum(lesion.strict for lesion in reference),
        "sensitivity": {image: asdict(one) for image, one in sensitivities(cases, with_truth=with_truth).items()},
        "false_positives_per_case": _false_positives(cases, with_truth=with_truth),
        "excess_false_positives_per_case": _excess(cases, with_truth=with_truth),
        "patients_with_a_removed_lesion": asdict(removed_patients(cases)),
        "patients_with_an_invented_lesion": asdict(invented_patients(cases)),
        "healthy_cases_with_an_invented_lesion": asdict(invented_patients(healthy(cases))),
        "lesion_dice": _mean_of((case.subject, case.lesion_dice) for case in cases),
        "contrast_recovery": _mean_of((lesion.subject, lesion.contrast_recovery) for lesion in reference),
        "difference_ratio": _mean_of((lesion.subject, lesion.difference_ratio) for lesion in reference),
        "volume_ratio": _volume_ratio(lesions),
    }


def sensitivities(cases: Sequence[CaseAudit], *, with_truth: bool) -> dict[str, Rate]:
    """Image → lesions of the reference that the detector finds in it. The real image is the ceiling."""
    lesions = [lesion for case in cases for lesion in case.lesions if lesion.is_reference]
    found = {TRANSLATED: [lesion.status == "found" for lesion in lesions]}
    for image, seen in ((TARGET, [one.in_target for one in lesions]), (SOURCE, [one.in_source for one in lesions])):
        known = [bool(one) for one in seen if one is not None]
        if known and (image != TARGET or with_truth):
            found[image] = known
    return {image: rate(sum(values), len(values)) for image, values in found.items()}


def removed_patients(cases: Iterable[CaseAudit], at_least_mm: float = 0.0) -> Rate:
    """Patients with a lesion that the translation lacks, of those with one that it could lack."""
    able: dict[str, bool] = {}
    for case in cases:
        if case.having("found", "missed", at_least_mm=at_least_mm):
            able[case.subject] = able.get(case.subject, False) or bool(case.having("missed", at_least_mm=at_least_mm))
    return rate(sum(able.values()), len(able))


def invented_patients(cases: Iterable[CaseAudit], at_least_mm: float = 0.0) -> Rate:
    """Patients with a lesion that only the translation has."""
    able: dict[str, bool] = {}
    for case in cases:
        able[case.subject] = able.get(case.subject, False) or bool(case.having("invented", at_least_mm=at_least_mm))
    return rate(sum(able.values()), len(able))


def healthy(cases: Iterable[CaseAudit]) -> list[CaseAudit]:
    """Cases without a lesion in the reference."""
    return [case for case in cases if not case.reference_count]


def by_size(cases: Sequence[CaseAudit]) -> list[dict[str, Any]]:
    """A row for each size of lesions."""
    rows = []
    for size in SIZES:
        of_size = [lesion for case in cases for lesion in case.lesions if lesion.size == size]
        reference = [lesion for lesion in of_size if lesion.is_reference]
        ratios = [lesion.volume_ratio for lesion in reference if lesion.status == "found"]
        rows.append(
            {
                "size": size,
                "lesions": len(reference),
                "found": sum(lesion.status == "found" for lesion in reference),
                "missed": sum(lesion.status == "missed" for lesion in reference),
                "not_detectable": sum(lesion.status == "not detectable" for lesion in reference),
                "invented": sum(lesion.status == "invented" for lesion in of_size),
                "contrast_recovery_median": _median(lesion.contrast_recovery for lesion in reference),
                "difference_ratio_median": _median(lesion.difference_ratio for lesion in reference),
                "volume_ratio_median": _median(ratios),
                "diameter_ratio_median": _median(
                    one.translated_diameter_mm / one.diameter_mm for one in reference if one.status == "found"
                ),
            }
        )
    return rows


def froc(cases: Sequence[CaseAudit]) -> dict[str, list[tuple[float, float, float]]]:
    """Image → (smallest volume that counts, false positives a case, sensitivity), from the smallest volume on.

    Label maps hold no probability: the volume of a candidate takes its place.
    """
    total = sum(case.reference_count for case in cases)
    curves = {}
    for image in (TRANSLATED, TARGET, SOURCE):
        read = [case.readings[image] for case in cases if image in case.readings]
        if not total or len(read) < len(cases):
            continue
        found = np.sort([volume for one in read for volume in one.found_volumes])
        false = np.sort([volume for one in read for volume in one.false_volumes])
        steps = np.unique(np.concatenate([[0.0], found, false]))
        steps = steps[np.unique(np.linspace(0, len(steps) - 1, FROC_POINTS).round().astype(int))]
        curves[image] = [
            (float(step), float((false >= step).sum()) / len(cases), float((found >= step).sum()) / total)
            for step in steps
        ]
    return curves


def _false_positives(cases: Sequence[CaseAudit], *, with_truth: bool) -> dict[str, float]:
    found = {}
    for image in (TRANSLATED, TARGET, SOURCE):
        counts = [len(case.readings[image].false_volumes) for case in cases if image in case.readings]
        if counts and (image != TARGET or with_truth):
            found[image] = sum(counts) / len(counts)
    return found


def _excess(cases: Sequence[CaseAudit], *, with_truth: bool) -> dict[str, float]:
    """False positives in the translation minus those in the real image; without lesion masks the latter are none."""
    both = [case for case in cases if TARGET in case.readings]
    values = [
        (
            case.subject,
            float(
                len(case.readings[TRANSLATED].false_volumes)
                - (len(case.readings[TARGET].false_volumes) if with_truth else 0)
            ),
        )
        for case in both
    ]
    return _mean_of(values)


def _mean_of(values: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Mean over patients with its interval; `n` patients."""
    finite = [(subject, value) for subject, value in values if math.isfinite(value)]
    of_patients = np.array(list(by_subject(finite).values()))
    if not len(of_patients):
        return {"n": 0, "value": math.nan, "low": math.nan, "high": math.nan}
    return {"n": len(of_patients), **asdict(mean_interval(of_patients))}


def _volume_ratio(lesions: Sequence[Lesion]) -> dict[str, float]:
    """Bland-Altman of the logarithm of the volume ratio over patients, as ratios; nan below three patients."""
    logs = [(one.subject, math.log(one.volume_ratio)) for one in lesions if one.status == "found"]
    of_patients = np.array(list(by_subject(logs).values()))
    n = len(of_patients)
    if n < MIN_SUBJECTS_FOR_INTERVAL:
        value = float(np.exp(of_patients.mean())) if n else math.nan
        return {"n": n, "bias": value, "lower": math.nan, "upper": math.nan}
    limits = bland_altman(of_patients, np.zeros(n))
    ends = {"bias": limits.bias, "lower": limits.lower, "upper": limits.upper}
    return {"n": n, **{name: math.exp(one.value) for name, one in ends.items()}} | {
        f"{name}_{end}": math.exp(getattr(one, end)) for name, one in ends.items() for end in ("low", "high")
    }


def _median(values: Iterable[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return median(finite) if finite else math.nan
