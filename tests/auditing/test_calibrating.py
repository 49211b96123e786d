"""Calibration of made patients whose errors are known: coverage by tissue, lesions, and the expected error."""

import numpy as np
import pytest
from scipy import stats

from medtrans.auditing.calibrating import calibrate, coverage_rows, expected_error, undercovered
from medtrans.auditing.error_ratios import FACTORS, Part, case_errors
from medtrans.core.errors import InputRefused
from medtrans.models.calibration import Calibration, read_calibration, write_calibration

SIDE = 20
TISSUES = {"air in the body": (-600.0, 20.0), "fat": (-100.0, 5.0), "soft tissue": (40.0, 10.0), "bone": (700.0, 60.0)}
"""Mean of the translation, and standard deviation of the error, which the model takes for 12 HU in all of them."""
LESION = np.zeros((SIDE,) * 3, np.int64)
LESION[12:15, 2:5, 2:5] = 1
BODY = np.ones((SIDE,) * 3, bool)


def patient(seed, lesion_error=0.0, spread=0.25):
    """Errors are larger by one factor in all of a patient, half of which the model knows."""
    rng = np.random.default_rng(seed)
    known, hidden = np.exp(spread * rng.standard_normal(2))
    quarter = np.arange(SIDE)[:, None, None] * 4 // SIDE * np.ones((1, SIDE, SIDE), int)
    means, deviations = np.array(list(TISSUES.values())).T
    translated = means[quarter].astype(np.float32)
    error = deviations[quarter] * known * hidden * rng.standard_normal(translated.shape) + lesion_error * LESION
    deviation = np.full(translated.shape, 12 * known, np.float32)
    return case_errors(
        f"p{seed}", f"p{seed}", translated, deviation, translated + error, BODY, "CT", 5.0, lesions=LESION
    )


@pytest.fixture(scope="module")
def known():
    cases = [patient(seed, lesion_error=300.0) for seed in range(40)]
    return calibrate(cases, ["hash"], {"samples": 4}, "CT", "HU", 5.0)


def test_each_tissue_has_the_factor_that_its_errors_need(known):
    """1.645 standard deviations are the least; the bound needs more of 40 patients."""
    for name, (_, deviation) in TISSUES.items():
        least = 1.645 * deviation / 12
        assert least < known.tissues[name].factor < 2.2 * least
    assert all(tissue.own for tissue in known.tissues.values())


def test_patients_who_were_not_there_are_covered(known):
    """The aim is at least 90 %; a t test over 40 other patients does not find less."""
    factors = np.array([tissue.factor for tissue in known.tissues.values()])
    rows = coverage_rows([patient(seed) for seed in range(100, 140)], factors)
    of_tissues = [row for row in rows if row["of"] == "translation"]
    assert len(of_tissues) == 4
    assert all(row["high"] >= 0.9 and row["coverage"] < 0.99 for row in of_tissues)


def test_the_error_of_patients_who_were_not_there_lies_in_its_interval(known):
    factors = np.array([tissue.factor for tissue in known.tissues.values()])
    expected, inside = known.expected, 0
    assert not expected.unusable
    assert expected.spearman > 0.4
    for seed in range(200, 260):
        case = patient(seed)
        width = float(case.widths @ factors) / case.voxels
        inside += expected.low * width <= case.mae <= expected.high * width
    interval = stats.binomtest(inside, 60).proportion_ci(0.95)
    assert interval.low <= 0.9 <= interval.high


def test_lesions_that_are_not_covered_are_reported(known):
    [finding] = [one for one in undercovered(known) if "lesions" in one.where]
    assert finding.numbers["coverage"] < 0.1
    assert "times as large as in the whole body" in finding.advice
    [row] = [row for row in known.coverage if row["part"] == "lesions"]
    assert (row["lesions"], row["lesions_covered"]) == (40, 0)


def test_an_uncertainty_that_knows_nothing_cannot_be_used():
    cases = [patient(seed) for seed in range(25)]
    blind = expected_error([type(case)(**{**vars(case), "widths": cases[0].widths}) for case in cases], np.ones(4))
    assert "does not follow the true error" in blind.unusable
    assert "18 patients give no interval" in expected_error(cases[:18], np.ones(4)).unusable


def test_too_few_patients_are_told_how_many_are_enough():
    with pytest.raises(InputRefused, match="give 25 or more"):
        calibrate([patient(seed) for seed in range(24)], [], {}, "CT", "HU", 5.0)


def test_counts_are_those_of_the_voxels():
    ratios, numbers = np.array([0.5, 2.0, 1.0, 3.0]), np.array([0, 0, 1, 1])
    part = Part.of(ratios, numbers, 2)
    at = int(np.searchsorted(FACTORS, 1.5))
    assert part.sizes.tolist() == [2, 2]
    assert part.losses()[at] == 0.5
    assert part.covered(np.array([at, len(FACTORS) - 1])) == 0.75


def test_it_is_read_as_it_was_written(known, tmp_path):
    write_calibration(tmp_path, known)
    assert read_calibration(tmp_path) == Calibration.from_dict(known.to_dict()) == known
