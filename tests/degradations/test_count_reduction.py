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
        after = CountReduction().apply(image, counts=counts, millions=1.0, post_filter=0.0, seed=1).voxels[middle]
        assert after.mean() == pytest.approx(1, abs=0.02)
        deviations[counts] = after.std()
    assert deviations[0.2] / deviations[0.5] == pytest.approx(np.sqrt((1 / 0.2 - 1) / (1 / 0.5 - 1)), rel=0.05)


def test_activity_is_never_negative():
    assert CountReduction().apply(activity(2), counts=0.01, millions=0.1, post_filter=0.0, seed=1).voxels.min() >= 0


def test_the_filter_after_the_reconstruction_lessens_the_noise():
    image = activity()
    noise = [
        CountReduction().apply(image, counts=0.2, millions=1.0, post_filter=width, seed=1).voxels[within(image, 0, 40)]
        for width in (0.0, 5.0)
    ]
    assert noise[1].std() < noise[0].std() / 2


def test_thinner_slices_have_fewer_counts():
    thick = activity(16)
    thin = Volume(thick.voxels, thick.affine @ np.diag([1, 1, 0.5, 1]))
    how = {"counts": 0.2, "millions": 1.0, "post_filter": 0.0, "seed": 1}
    deviations = [CountReduction().apply(image, **how).voxels[within(image, 0, 40)].std() for image in (thick, thin)]
    assert deviations[1] / deviations[0] == pytest.approx(np.sqrt(2), rel=0.1)
