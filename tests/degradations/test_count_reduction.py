import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.degradations.count_reduction import CountReduction
from tests.degradations.ct_cylinder import cylinder, within


def activity(slices=8):
    water = cylinder(slices=slices)
    return Volume((water.voxels > -500).astype(np.float32), water.affine)


def test_the_added_variance_is_that_of_the_missing_counts_and_the_mean_is_kept():
    image = activity()
    middle = within(image, 0, 40)
    deviations = {}
    for counts in (0.5, 0.2):
        after = CountReduction().apply(image, counts=counts, millions=1.0, seed=1).voxels[middle]
        assert after.mean() == pytest.approx(1, abs=0.02)
        deviations[counts] = after.std()
    assert deviations[0.2] / deviations[0.5] == pytest.approx(np.sqrt((1 / 0.2 - 1) / (1 / 0.5 - 1)), rel=0.05)


def test_activity_is_never_negative():
    assert CountReduction().apply(activity(2), counts=0.01, millions=0.1, seed=1).voxels.min() >= 0
