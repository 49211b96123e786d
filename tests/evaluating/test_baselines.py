import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.evaluating.baselines import MeanTarget, copy_of_source, mean_image, mean_value
from tests.evaluating.scored_volumes import SHAPE, ct, mask, mr

AIR = -1024.0
BODY = mask().voxels[0] > 0


def constant(value):
    return ct().like(np.full(SHAPE, value, np.float32))


def test_the_copy_of_the_source_is_normalised_as_a_source_and_restored_as_a_target():
    def normalise(voxels):
        return voxels / 450 - 1

    def restore(normalised):
        return normalised * 1000

    copy = copy_of_source(mr(), BODY, AIR, normalise=normalise, restore=restore)
    expected = (mr().voxels[0] / 450 - 1) * 1000
    assert np.allclose(copy.voxels[0][BODY], expected[BODY])
    assert (copy.voxels[0][~BODY] == AIR).all()
    assert copy.shares_grid_with(mr())
    assert copy.voxels.dtype == np.float32


def test_the_mean_value_weighs_every_voxel_of_every_body_alike():
    half = BODY & (np.arange(SHAPE[0]) < 7)[:, None, None]
    targets = [(constant(100), BODY), (constant(40), half)]
    expected = (100 * BODY.sum() + 40 * half.sum()) / (BODY.sum() + half.sum())
    control = mean_value(targets, ct(), BODY, AIR)
    assert np.allclose(control.voxels[0][BODY], expected)
    assert (control.voxels[0][~BODY] == AIR).all()


def test_the_mean_image_is_voxel_by_voxel_with_air_outside_the_body():
    control = mean_image([(ct(), BODY), (constant(10), BODY)], ct(), BODY, AIR)
    assert control is not None
    assert np.allclose(control.voxels[0][BODY], (ct().voxels[0][BODY] + 10) / 2, atol=1e-4)
    assert (control.voxels[0][~BODY] == AIR).all()


def test_there_is_no_mean_image_of_different_shapes_and_none_for_another_grid():
    smaller = ct().voxels[:, :-1]
    odd_one = type(ct())(smaller, ct().affine)
    assert mean_image([(ct(), BODY), (odd_one, BODY[:-1])], ct(), BODY, AIR) is None
    assert mean_image([(ct(), BODY)], odd_one, BODY[:-1], AIR) is None
    assert mean_image([], ct(), BODY, AIR) is None


def test_targets_are_read_once_for_both_means():
    mean = MeanTarget((target, BODY) for target in (constant(10), constant(30)))
    image = mean.per_voxel(ct())
    assert mean.value == 20
    assert image is not None
    assert (image.voxels == 20).all()


def test_a_training_target_with_nan_in_its_body_is_refused():
    with pytest.raises(InputRefused, match="nan"):
        MeanTarget([(constant(np.nan), BODY)])
