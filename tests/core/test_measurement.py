import pytest

from medtrans.core.measurement import Structure


def found(ml, real_ml, dice):
    return Structure("a", "a", "translated", "lesion", ml, real_ml, dice).found


@pytest.mark.parametrize(
    ("ml", "real_ml", "dice", "outcome"),
    [
        (4.0, 4.0, 0.9, "both"),
        (4.0, 4.0, 0.0, "missed"),
        (8.0, 4.0, 0.05, "missed"),
        (8.0, 4.0, 0.08, "both"),
        (0.0, 4.0, 0.0, "missed"),
        (4.0, 0.0, 0.0, "invented"),
        (0.0, 0.0, float("nan"), "neither"),
    ],
)
def test_a_structure_is_found_where_it_is_and_not_elsewhere(ml, real_ml, dice, outcome):
    assert found(ml, real_ml, dice) == outcome
