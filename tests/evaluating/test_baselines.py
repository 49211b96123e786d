import numpy as np

from medtrans.evaluating.baselines import copied_source
from tests.evaluating.scored_volumes import SHAPE, changed, ct, mask, mr, volume


def constant(value):
    return ct().like(np.full(SHAPE, value, np.float32))


def test_a_ct_is_copied_as_it_is_and_never_an_image_in_another_unit():
    assert copied_source(ct(30), ct(), mask(), "CT") is not None
    assert np.array_equal(copied_source(ct(30), ct(), mask(), "CT").voxels, ct(30).voxels)
    assert copied_source(mr(), ct(), mask(), "CT") is None
    assert copied_source(ct().like(ct().voxels + 1024), ct(), mask(), "CT") is None


def test_an_mr_is_scaled_to_the_targets_percentile():
    assert np.allclose(copied_source(mr(scale=3.0), mr(), mask(), "MR").voxels, mr().voxels, rtol=1e-5)


def test_a_dose_is_copied_in_its_unit_alone():
    dose = mr(scale=0.05)
    assert copied_source(dose, dose, None, "dose") is dose
    assert copied_source(mr(scale=5.0), dose, None, "dose") is None
    assert copied_source(ct(), dose, None, "dose") is None


def test_there_is_no_copy_of_another_grid_of_more_channels_of_nan_or_without_contrast():
    assert copied_source(volume(np.ones((3, 4, 5))), ct(), None, "CT") is None
    assert copied_source(type(ct())(np.repeat(ct().voxels, 2, 0), ct().affine), ct(), None, "CT") is None
    assert copied_source(changed(ct(), (7, 7, 7), np.nan), ct(), mask(), "CT") is None
    assert copied_source(constant(5), ct(), mask(), "CT") is None
    assert copied_source(constant(0), mr(), mask(), "MR") is None
