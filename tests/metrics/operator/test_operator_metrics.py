import numpy as np
import pytest

from medtrans import degradations
from medtrans.core.errors import InputRefused
from medtrans.core.known_operator import KnownOperator
from medtrans.core.score import MetricId
from medtrans.metrics import comparable, direction
from medtrans.metrics.operator.measurement_residual import MeasurementResidual
from medtrans.metrics.operator.null_space_share import NullSpaceShare
from tests.degradations.images import relative

GRID = relative((1, 16, 15, 14))
TARGET = GRID.voxels.astype(np.float64)
THICK = {"millimetres": 6.0, "gap": 0.0, "plane": "axial", "profile": "box"}
OPERATOR = KnownOperator(degradations.load("thick_slices")(), THICK, GRID)


def test_an_error_that_was_not_measured_changes_no_residual_and_is_all_null_space():
    unseen = OPERATOR.null_space(np.random.default_rng(0).normal(size=TARGET.shape))
    assert MeasurementResidual()(unseen, TARGET, OPERATOR) == pytest.approx(0, abs=1e-9)
    assert NullSpaceShare()(unseen, TARGET, OPERATOR) == pytest.approx(1)


def test_an_error_that_was_measured_is_no_null_space():
    seen = OPERATOR.pseudo_inverse(OPERATOR.measure(np.random.default_rng(0).normal(size=TARGET.shape)))
    assert MeasurementResidual()(seen, TARGET, OPERATOR) > 0.01
    assert NullSpaceShare()(seen, TARGET, OPERATOR) == pytest.approx(0, abs=1e-9)


def test_both_are_undefined_where_there_is_nothing_to_divide_by():
    with pytest.raises(InputRefused, match="no signal"):
        MeasurementResidual()(TARGET, 0 * TARGET, OPERATOR)
    with pytest.raises(InputRefused, match="no error to share out"):
        NullSpaceShare()(0 * TARGET, TARGET, OPERATOR)


def test_neither_gives_a_verdict_since_an_image_unlike_the_target_can_be_good():
    directions = {"measurement_residual": "lower", "null_space_share": "higher"}
    assert {name: direction(MetricId(name)) for name in directions} == directions
    assert not any(comparable(MetricId(name)) for name in directions)
