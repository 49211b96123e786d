import numpy as np
import pytest

from medtrans.metrics.uncertainty.coverage_error import CoverageError, coverage, interval_width
from tests.metrics.uncertainty.posterior import perfect

RNG = np.random.default_rng(0)
DEVIATION = RNG.uniform(1, 20, 40000)
ERROR = DEVIATION * RNG.normal(size=DEVIATION.size)


def test_a_true_deviation_covers_95_per_cent_and_half_of_it_67():
    assert coverage(ERROR, DEVIATION) == pytest.approx(0.95, abs=0.005)
    assert coverage(ERROR, DEVIATION / 2) == pytest.approx(0.673, abs=0.01)


def test_too_wide_is_as_wrong_as_too_narrow_and_the_note_tells_which():
    assert CoverageError()(ERROR, 100 * DEVIATION) == pytest.approx(0.05)
    exact = "the 95% interval of an exact standard deviation, ± 1.96 standard deviations"
    assert CoverageError().remark(ERROR, 100 * DEVIATION) == f"100.0% of the errors lie within {exact}"
    of_two = "the 95% interval of 2 samples, ± 15.56 standard deviations"
    assert CoverageError().remark(ERROR, 100 * DEVIATION, 2) == f"100.0% of the errors lie within {of_two}"
    assert CoverageError()(ERROR, 0 * DEVIATION) == pytest.approx(0.95)


def test_the_interval_is_student_s():
    """t tables: 12.706 for one degree of freedom, 3.182 for three, 1.960 for infinitely many."""
    widths = [interval_width(samples) for samples in (2, 4, None)]
    assert widths == pytest.approx([12.706 * 1.5**0.5, 3.1824 * 1.25**0.5, 1.95996], rel=1e-4)


@pytest.mark.parametrize("samples", [2, 3, 4, 8, 16, 64])
def test_a_perfect_posterior_is_covered_however_few_its_samples(samples):
    error, deviation = perfect(samples)
    assert coverage(error, deviation, samples) == pytest.approx(0.95, abs=0.003)
    taken_as_exact = {2: 0.64, 4: 0.82, 8: 0.89}.get(samples)
    if taken_as_exact:
        assert coverage(error, deviation) == pytest.approx(taken_as_exact, abs=0.02)


def test_half_a_perfect_posterior_is_not():
    error, deviation = perfect(4)
    assert coverage(error, deviation / 2, 4) < 0.85
