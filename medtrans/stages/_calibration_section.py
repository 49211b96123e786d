"""Section of the page of a calibration, and its text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

from medtrans.auditing.lesion_tables import cell
from medtrans.core.tables import text_table
from medtrans.models.calibration import Calibration
from medtrans.reporting.report import Section
from medtrans.reporting.sections.audit import audit_section, audit_table

CALIBRATION_NOTICE = (
    "Calibrated on these patients, for patients like them: other scanners, sequences, diseases or ages need their own."
)
TISSUE_HEADS = {
    "tissue": "Tissue of the translation",
    "factor": "Factor",
    "half_width": "Mean half width",
    "patients": "Patients",
    "own": "Its own",
}
COVERAGE_HEADS = {
    "of": "Of the",
    "part": "Part",
    "patients": "Patients",
    "coverage": "Within",
    "low": "Low",
    "high": "High",
    "least": "Least of a patient",
}
CASE_HEADS = {"case": "Case", "mean_half_width": "Mean half width", "expected_mae": "Expected MAE", "mae": "MAE"}
DEFINITION = {
    "Factor": "what multiplies the uncertainty so that at most alpha of the voxels of the tissue lie outside, on "
    "average over patients, with a probability of 1 - delta over the choice of the calibration patients (risk control, "
    "Bates et al. 2021, bound of Waudby-Smith and Ramdas). Not its own: too few patients have the tissue, so that it "
    "has the factor of the whole body.",
    "Within": "mean over these patients with its t interval at 95 %. They are the ones that chose the factors, so of "
    "tissues of the translation it is not less than 1 - alpha; of the real image, and of lesions, it can be.",
    "Expected MAE": "ratio times the mean half width in the body; the ratio is the median over patients, its interval "
    "that of split conformal prediction.",
}


def tissue_rows(known: Calibration) -> list[dict[str, Any]]:
    """A row for each tissue."""
    return [
        {
            "tissue": name,
            "factor": one.factor,
            "half_width": one.half_width,
            "patients": one.patients,
            "own": "yes" if one.own else "no",
        }
        for name, one in known.tissues.items()
    ]


def expected_sentences(known: Calibration) -> list[str]:
    """On the expected error, and on lesions."""
    expected = known.expected
    rank = f"Spearman's correlation of expected and true MAE is {expected.spearman:.2f} (one-sided p {expected.p:.2g})"
    lines = [f"{rank} in {expected.patients} patients."]
    if expected.unusable:
        lines.append(f"The expected MAE cannot be used: {expected.unusable}.")
    else:
        share, ends = f"{1 - known.alpha:.0%}", f"{expected.low:.3g} to {expected.high:.3g}"
        lines.append(f"A case's MAE is {expected.ratio:.3g} times its mean half width ({share} interval {ends}).")
    for row in known.coverage:
        if "lesions" in row:
            count = f"{row['lesions_covered']} of {row['lesions']} lesions have {1 - known.alpha:.0%} of their voxels"
            lines.append(f"{count} within the intervals; {row['advice']}.")
    return lines


def calibration_section(
    known: Calibration, cases: Sequence[Mapping[str, Any]], tested: Sequence[Mapping[str, Any]] = ()
) -> Section:
    """Factors, coverage, also that of `tested` patients, and the expected and the true error of each case."""
    about = (
        f"{known.patients} patients; alpha {known.alpha:g}, delta {known.delta:g}; uncertainty below {known.floor:.3g} "
        f"{known.unit} counts as that. The map of `medtrans translate --uncertainty` is the half width over "
        f"{_z(known):.3f}, so that it is a standard deviation where errors are normal."
    )
    aim = f"aim: {1 - known.alpha:.0%}"
    return audit_section(
        "Calibration",
        about,
        sentences=expected_sentences(known),
        tables=[
            audit_table("Factors", "half width = factor × uncertainty", TISSUE_HEADS, tissue_rows(known)),
            audit_table("Coverage", f"calibration patients; {aim}", COVERAGE_HEADS, list(known.coverage)),
            audit_table("Coverage held out", f"test patients; {aim}", COVERAGE_HEADS, tested),
            audit_table("Each case", f"in {known.unit}", CASE_HEADS, cases),
        ],
        definition=DEFINITION,
    )


def calibration_text(known: Calibration) -> str:
    """For a terminal."""
    factors = [{TISSUE_HEADS[key]: cell(value) for key, value in row.items()} for row in tissue_rows(known)]
    covered = [{name: cell(row.get(key)) for key, name in COVERAGE_HEADS.items()} for row in known.coverage]
    parts = [text_table(factors, left=("Its own",)), text_table(covered, left=("Part",)), *expected_sentences(known)]
    return "\n\n".join(parts) + "\n"


def _z(known: Calibration) -> float:
    return NormalDist().inv_cdf(1 - known.alpha / 2)
