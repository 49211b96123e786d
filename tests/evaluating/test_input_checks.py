import numpy as np
import pytest

from medtrans.evaluating.input_checks import doubt_ct
from tests.evaluating.scored_volumes import ct, mask


def mr_after_a_cubic_spline():
    """Magnitudes that interpolation lets undershoot."""
    return np.random.default_rng(0).uniform(-40, 900, (20, 20, 20))


@pytest.mark.parametrize(
    ("voxels", "sound"),
    [
        (ct().voxels, True),
        (np.where(mask().voxels > 0, np.random.default_rng(0).normal(35, 15, mask().voxels.shape), 0), True),
        (ct().voxels + 1000, False),
        (ct().voxels / 1000, False),
        (mr_after_a_cubic_spline(), False),
        (np.zeros((1, 3, 3, 3)), False),
    ],
    ids=["CT", "brain cut out", "CT + 1000", "CT / 1000", "MR", "empty"],
)
def test_only_hounsfield_units_pass_for_them(voxels, sound):
    assert (doubt_ct(voxels) == "") is sound
