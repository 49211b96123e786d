import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.core.modality import find_modality
from medtrans.preparing.normalisation.linear import Linear

WHERE = "preparing.target_normalisation"


def test_ct_has_defaults():
    assert Linear().for_modality(find_modality("CT"), WHERE) == Linear(low=-1024, high=3071)
    assert Linear(high=2000).for_modality(find_modality("CT"), WHERE) == Linear(low=-1024, high=2000)


@pytest.mark.parametrize("modality", ["MR", "PET", "dose"])
def test_another_modality_needs_a_range(modality):
    with pytest.raises(UsageError, match=f"needs low and high for {modality}") as answer:
        Linear().for_modality(find_modality(modality), WHERE)
    assert answer.value.where == WHERE
    assert find_modality(modality).unit in answer.value.advice
    assert ("percentiles" in answer.value.advice) == (modality == "MR")
    given = Linear(low=0, high=70)
    assert given.for_modality(find_modality(modality), WHERE) is given


def test_without_a_range_nothing_is_normalised():
    with pytest.raises(UsageError, match="give both"):
        Linear(low=0).normalise(np.zeros((1, 1, 1)), np.ones((1, 1, 1), bool))


def test_an_empty_range_is_refused():
    with pytest.raises(UsageError, match="not below"):
        Linear(low=5, high=5)


def test_dose_comes_back_in_gray():
    dose = np.float32([0, 0.4, 2.6, 60]).reshape(4, 1, 1)
    normalised, undo = Linear(low=0, high=70).normalise(dose, dose > 0)
    assert normalised[0, 0, 0] == -1
    assert undo(normalised) == pytest.approx(dose, abs=1e-5)


def test_air_of_ct_becomes_minus_one():
    normalised, _ = Linear(low=-1024, high=3071).normalise(np.int16([[[-1024, 3071]]]), np.ones((1, 1, 2), bool))
    assert normalised.ravel().tolist() == [-1, 1]
