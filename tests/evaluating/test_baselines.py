import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.evaluating.baselines import TrainingMean, copied_source
from tests.evaluating.scored_volumes import SHAPE, changed, ct, mask, mr, volume

AIR = -1024.0
BODY = mask().voxels[0] > 0


def constant(value):
    return ct().like(np.full(SHAPE, value, np.float32))


def test_a_ct_is_copied_as_it_is_and_another_image_is_stretched_to_the_percentiles_of_the_ct():
    assert copied_source(ct(30), ct(), mask(), "CT") is not None
    assert np.array_equal(copied_source(ct(30), ct(), mask(), "CT").voxels, ct(30).voxels)
    stretched = copied_source(mr(), ct(), mask(), "CT")
    for percent in (0.5, 99.5):
        own, wanted = (np.percentile(image.voxels[0][BODY], percent) for image in (stretched, ct()))
        assert own == pytest.approx(wanted, abs=0.5)
    assert np.corrcoef(stretched.voxels[0][BODY], mr().voxels[0][BODY])[0, 1] == pytest.approx(1)
    assert stretched.voxels.dtype == np.float32


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


def test_the_mean_value_weighs_every_voxel_of_every_body_alike():
    half = BODY & (np.arange(SHAPE[0]) < 7)[:, None, None]
    targets = [(constant(100), BODY), (constant(40), half)]
    expected = (100 * BODY.sum() + 40 * half.sum()) / (BODY.sum() + half.sum())
    baseline = TrainingMean(targets).one_value(ct(), BODY, AIR)
    assert np.allclose(baseline.voxels[0][BODY], expected)
    assert (baseline.voxels[0][~BODY] == AIR).all()


def test_the_mean_image_is_voxel_by_voxel_with_air_outside_the_body():
    baseline = TrainingMean([(ct(), BODY), (constant(10), BODY)]).per_voxel(ct(), BODY, AIR)
    assert baseline is not None
    assert np.allclose(baseline.voxels[0][BODY], (ct().voxels[0][BODY] + 10) / 2, atol=1e-4)
    assert (baseline.voxels[0][~BODY] == AIR).all()


def test_there_is_no_mean_image_of_different_shapes_and_none_for_another_grid():
    smaller = ct().voxels[:, :-1]
    odd_one = type(ct())(smaller, ct().affine)
    assert TrainingMean([(ct(), BODY), (odd_one, BODY[:-1])]).per_voxel(ct(), BODY, AIR) is None
    assert TrainingMean([(ct(), BODY)]).per_voxel(odd_one, BODY[:-1], AIR) is None
    assert TrainingMean([]).per_voxel(ct(), BODY, AIR) is None


def test_targets_are_read_once_for_both_means():
    mean = TrainingMean((target, BODY) for target in (constant(10), constant(30)))
    image = mean.per_voxel(ct())
    assert mean.value == 20
    assert image is not None
    assert (image.voxels == 20).all()


def test_a_training_target_with_nan_in_its_body_is_refused():
    with pytest.raises(InputRefused, match="nan"):
        TrainingMean([(constant(np.nan), BODY)])
