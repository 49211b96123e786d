import numpy as np
import pytest

from medtrans.metrics.uncertainty.coverage_error import CoverageError, coverage

DICE = np.random.default_rng(0)
SPREAD = DICE.uniform(1, 20, 40000)
ERROR = SPREAD * DICE.normal(size=SPREAD.size)


def test_a_true_spread_covers_95_per_cent_and_half_of_it_67():
    assert coverage(ERROR, SPREAD) == pytest.approx(0.95, abs=0.005)
    assert coverage(ERROR, SPREAD / 2) == pytest.approx(0.673, abs=0.01)


def test_too_wide_is_as_wrong_as_too_narrow_and_the_note_tells_which():
    assert CoverageError()(ERROR, 100 * SPREAD) == pytest.approx(0.05)
    assert CoverageError().told(ERROR, 100 * SPREAD) == "100.0% of the errors lie within 1.96 of the spread"
    assert CoverageError()(ERROR, 0 * SPREAD) == pytest.approx(0.95)
