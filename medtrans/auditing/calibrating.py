"""Calibration of uncertainty by the errors in patients that the model was not trained with.

| what | how |
|---|---|
| factor λ of a tissue | risk control over patients (risk_control): at most alpha of its voxels outside of ± λ σ, on average over patients, with a probability of 1 - delta |
| expected error of a case | ratio of its MAE to its mean half width λ σ in the body: median over patients, and split conformal interval |
| may the expected error be used? | where the rank correlation (Spearman) of both is above 0, p < 0.05, one-sided |
"""  # noqa: E501

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from medtrans.auditing.error_ratios import FACTORS, MIN_VOXELS, CaseErrors, Part, tissue_ranges
from medtrans.auditing.rates import rate
from medtrans.auditing.risk_control import ALPHA, DELTA, enough_patients, ranked_interval, smallest_factor
from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.models.calibration import Calibration, ExpectedError, Tissue

MAX_P = 0.05
ENOUGH_FOR_RANKS = 25
"""Patients in whom a correlation of 0.5 has p < 0.05 four times in five: 3 + 1.06 ((1.645 + 0.842) / atanh 0.5)²."""
LESION_VOXELS = 5


def calibrate(
    cases: Sequence[CaseErrors],
    models: Sequence[str],
    settings: Mapping[str, Any],
    modality: str,
    unit: str,
    floor: float,
    alpha: float = ALPHA,
    delta: float = DELTA,
) -> Calibration:
    """Raises InputRefused where too few patients are given, or where no interval is wide enough for them."""
    enough, patients = enough_patients(alpha, delta), len({case.subject for case in cases})
    if patients < enough:
        what = f"{patients} patients are too few to show that at most {alpha:.0%} of a tissue lies outside"
        advice = f"give {enough} or more, who trained neither the model nor chose it; 40 give much narrower intervals"
        raise InputRefused("calibration", what, advice, "few-patients")
    whole = smallest_factor(_losses(cases, _body), FACTORS, alpha, delta)
    if not math.isfinite(whole):
        what = f"even ± {FACTORS[-1]:g} times the uncertainty does not hold {1 - alpha:.0%} of the voxels"
        advice = "the uncertainty says nothing here: look at the translations"
        raise InputRefused("calibration", what, advice, "no-factor")
    tissues: dict[str, Tissue] = {}
    for name, (low, high) in tissue_ranges(modality).items():
        losses = _losses(cases, lambda case, name=name: case.tissues[name])  # type: ignore[misc]
        own = smallest_factor(losses, FACTORS, alpha, delta)
        is_own = math.isfinite(own)
        factor = own if is_own else whole
        facts = {
            "factor": factor,
            "patients": len(losses),
            "own": is_own,
            "half_width": mean_width(cases, name, factor),
        }
        tissues[name] = Tissue(low=low, high=high, **facts)  # type: ignore[arg-type]
    factors = np.array([tissue.factor for tissue in tissues.values()])
    return Calibration(
        models=tuple(models),
        settings=dict(settings),
        modality=modality,
        unit=unit,
        alpha=alpha,
        delta=delta,
        patients=patients,
        floor=floor,
        tissues=tissues,
        expected=expected_error(cases, factors, alpha),
        coverage=tuple(coverage_rows(cases, factors, alpha, delta)),
    )


def mean_width(cases: Sequence[CaseErrors], tissue: str, factor: float) -> float:
    """Mean half width of the intervals of a tissue of the translation, over all of its voxels."""
    number = list(cases[0].tissues).index(tissue)
    voxels = sum(case.tissues[tissue].size for case in cases)
    return factor * float(sum(case.widths[number] for case in cases)) / voxels if voxels else math.nan


def expected_error(cases: Sequence[CaseErrors], factors: np.ndarray, alpha: float = ALPHA) -> ExpectedError:
    """From the mean half width of each patient and the true error."""
    widths, errors = half_widths(cases, factors)
    ratios, count = errors / widths, len(errors)
    low, high = ranked_interval(ratios, alpha)
    varies = count > 2 and min(np.ptp(widths), np.ptp(errors)) > 0
    found = stats.spearmanr(widths, errors, alternative="greater") if varies else None
    rho, p = (float(found.statistic), float(found.pvalue)) if found is not None else (math.nan, math.nan)
    unusable = ""
    if not math.isfinite(low):
        unusable = f"{count} patients give no interval at {1 - alpha:.0%}: {math.ceil(2 / alpha) - 1} would be enough"
    elif not p < MAX_P:
        unusable = (
            f"it does not follow the true error: Spearman {rho:.2f}, p {p:.2f} in {count} patients; "
            f"{ENOUGH_FOR_RANKS} would show a correlation of 0.5 four times in five"
        )
    numbers = {"low": low, "high": high, "spearman": rho, "p": p}
    return ExpectedError(ratio=float(np.median(ratios)), patients=count, unusable=unusable, **numbers)


def half_widths(cases: Sequence[CaseErrors], factors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean half width in the body, and MAE, of each patient: means over the patient's cases."""
    rows = [(case.subject, float(case.widths @ factors) / case.voxels, case.mae) for case in cases]
    subjects = dict.fromkeys(subject for subject, _, _ in rows)
    means = [np.mean([row[1:] for row in rows if row[0] == subject], axis=0) for subject in subjects]
    widths, errors = np.array(means).T
    return widths, errors


def case_rows(known: Calibration, cases: Sequence[CaseErrors]) -> list[dict[str, Any]]:
    """Mean half width, expected and true MAE of each case."""
    factors, rows = np.array([tissue.factor for tissue in known.tissues.values()]), []
    for case in cases:
        [width], [mae] = half_widths([case], factors)
        expected = {"expected_mae": known.expected.ratio * width, "mae": mae}
        rows.append({"case": case.case, "subject": case.subject, "mean_half_width": width, **expected})
    return rows


def coverage_rows(
    cases: Sequence[CaseErrors], factors: np.ndarray, alpha: float = ALPHA, delta: float = DELTA
) -> list[dict[str, Any]]:
    """What the intervals hold: of each tissue of the translation and of the real image, each label, and of lesions."""
    chosen = np.searchsorted(FACTORS, factors * (1 - 1e-9))
    rows = [
        _row("translation", name, cases, lambda case, name=name: case.tissues[name], chosen)  # type: ignore[misc]
        for name in cases[0].tissues
    ]
    names = dict.fromkeys(name for case in cases for name in case.real)
    for name in names:
        rows.append(_row("real image", name, cases, lambda case, name=name: case.real.get(name), chosen))  # type: ignore[misc]
    if any(case.lesions for case in cases):
        rows.append(_lesion_row(cases, chosen, alpha, delta))
    return [row for row in rows if row["patients"]]


def undercovered(calibration: Calibration) -> list[Finding]:
    """A warning for each part of the real image of which less than 1 - alpha lies within the intervals."""
    nominal = 1 - calibration.alpha
    return [
        Finding(
            code="undercovered",
            severity="warn",
            where=f"{row['part']} of the {row['of']}",
            what=f"{row['coverage']:.1%} of its voxels lie within the intervals, less than {nominal:.0%}",
            consequence="there the uncertainty is too small",
            advice=row.get("advice", "") or "do not rely on it there",
            numbers={"coverage": row["coverage"], "patients": row["patients"]},
        )
        for row in calibration.coverage
        if row["of"] == "real image" and row["coverage"] < nominal
    ]


def _row(
    of: str,
    name: str,
    cases: Sequence[CaseErrors],
    part: Callable[[CaseErrors], Part | None],
    chosen: np.ndarray,
    fewest: int = MIN_VOXELS,
) -> dict[str, Any]:
    """Mean over patients, with its t interval at 95 %, and the patient with the least."""
    by_subject: dict[str, list[float]] = {}
    for case in cases:
        own = part(case)
        if own is not None and own.size >= fewest:
            by_subject.setdefault(case.subject, []).append(own.covered(chosen))
    shares = np.array([np.mean(values) for values in by_subject.values()])
    row: dict[str, Any] = {"of": of, "part": name, "patients": len(shares)}
    if not len(shares):
        return row
    error = float(shares.std(ddof=1) / math.sqrt(len(shares))) if len(shares) > 1 else math.nan
    half = float(stats.t.ppf(0.975, len(shares) - 1)) * error if len(shares) > 1 else math.nan
    mean = float(shares.mean())
    return row | {
        "coverage": mean,
        "low": max(mean - half, 0.0),
        "high": min(mean + half, 1.0),
        "least": float(shares.min()),
    }


def _lesion_row(cases: Sequence[CaseErrors], chosen: np.ndarray, alpha: float, delta: float) -> dict[str, Any]:
    """Voxels of lesions, and lesions of which at least 1 - alpha of the voxels lie within."""
    row = _row("real image", "lesions", cases, _together, chosen, LESION_VOXELS)
    lesions = [part for case in cases for part in case.lesions if part.size >= LESION_VOXELS]
    covered = rate(sum(part.covered(chosen) >= 1 - alpha for part in lesions), len(lesions))
    losses = _losses(cases, _together, LESION_VOXELS)
    factor, whole = smallest_factor(losses, FACTORS, alpha, delta), smallest_factor(_losses(cases, _body), FACTORS)
    enough = enough_patients(alpha, delta)
    row |= {"lesions": covered.n, "lesions_covered": covered.k, "lesions_low": covered.low}
    row["widen"] = factor / whole if math.isfinite(factor) else math.nan
    row["advice"] = (
        f"in lesions it must be {row['widen']:.2g} times as large as in the whole body"
        if math.isfinite(factor)
        else f"{enough} patients with lesions would be enough to say by how much; there are {len(losses)}"
    )
    return row


def _together(case: CaseErrors) -> Part | None:
    if not case.lesions:
        return None
    return Part(sum(part.above for part in case.lesions), sum(part.sizes for part in case.lesions))  # type: ignore[arg-type]


def _body(case: CaseErrors) -> Part:
    parts = case.tissues.values()
    return Part(sum(part.above for part in parts), sum(part.sizes for part in parts))  # type: ignore[arg-type]


def _losses(
    cases: Sequence[CaseErrors], part: Callable[[CaseErrors], Part | None], fewest: int = MIN_VOXELS
) -> np.ndarray:
    """(patient, factor): the mean over the patient's cases; cases with fewer voxels do not count."""
    by_subject: dict[str, list[np.ndarray]] = {}
    for case in cases:
        own = part(case)
        if own is not None and own.size >= fewest:
            by_subject.setdefault(case.subject, []).append(own.losses())
    return np.array([np.mean(rows, axis=0) for rows in by_subject.values()]).reshape(len(by_subject), len(FACTORS))
