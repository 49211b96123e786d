import numpy as np
import pytest

from medtrans.degradations.thick_slices import ThickSlices
from medtrans.evaluating.known_operator import operator_errors
from tests.degradations.images import relative

PARAMETERS = {"millimetres": 6.0, "gap": 0.0, "plane": "axial", "profile": "box"}
RECORD = [{"name": "thick_slices", "parameters": PARAMETERS}]
TARGET = relative((1, 16, 15, 14))


def test_what_was_not_measured_changes_no_residual_and_is_all_null_space():
    noise = np.random.default_rng(0).normal(size=TARGET.voxels.shape)
    unseen = ThickSlices().null_space(noise, TARGET, **PARAMETERS)
    errors = operator_errors(RECORD, TARGET.like(TARGET.voxels + unseen), TARGET)
    assert errors.residual == pytest.approx(0, abs=1e-6)
    assert errors.null_space_share == pytest.approx(1, abs=1e-6)


def test_a_brighter_image_contradicts_the_measurement_and_little_of_its_error_is_unseen():
    errors = operator_errors(RECORD, TARGET.like(TARGET.voxels * 1.1), TARGET)
    assert errors.residual == pytest.approx(0.1)
    assert errors.null_space_share < 0.2


def test_an_image_without_an_error_has_none_of_both():
    errors = operator_errors(RECORD, TARGET, TARGET)
    assert (errors.residual, errors.null_space_share) == (0, 0)


@pytest.mark.parametrize(
    "record",
    [[], [*RECORD, *RECORD], [{"name": "rician_noise", "parameters": {"snr": 20.0, "coils": 1, "seed": 1}}]],
    ids=["nothing", "a chain", "not linear"],
)
def test_it_is_not_defined_without_a_single_linear_degradation(record):
    assert operator_errors(record, TARGET, TARGET) is None
