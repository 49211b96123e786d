import numpy as np
import pytest

from medtrans.metrics.uncertainty.coverage_error import CoverageError, coverage

RNG = np.random.default_rng(0)
DEVIATION = RNG.uniform(1, 20, 40000)
ERROR = DEVIATION * RNG.normal(size=DEVIATION.size)


def test_a_true_deviation_covers_95_per_cent_and_half_of_it_67():
    assert coverage(ERROR, DEVIATION) == pytest.approx(0.95, abs=0.005)
    assert coverage(ERROR, DEVIATION / 2) == pytest.approx(0.673, abs=0.01)


def test_too_wide_is_as_wrong_as_too_narrow_and_the_note_tells_which():
    assert CoverageError()(ERROR, 100 * DEVIATION) == pytest.approx(0.05)
    assert CoverageError().remark(ERROR, 100 * DEVIATION) == "100.0% of the errors lie within 1.96 standard deviations"
    assert CoverageError()(ERROR, 0 * DEVIATION) == pytest.approx(0.95)
