import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.evaluating.fills import filled_target
from medtrans.phantoms import make_head, paint


@pytest.fixture(scope="module")
def head():
    made = make_head(3, shape=(36, 42, 36), spacing=5.0)
    rng = np.random.default_rng(0)
    return paint(made, "CT", rng), paint(made, "T1", rng), made.mask


def filled(volume, value, axis, width):
    voxels = np.moveaxis(volume.voxels.astype(np.float64), axis + 1, 0)
    voxels[:width] = value
    return volume.like(np.moveaxis(voxels, 0, axis + 1))


def test_sound_images_are_not_filled(head):
    ct, mr, mask = head
    rng = np.random.default_rng(1)
    for _ in range(10):
        noisy = ct.like(ct.voxels + rng.uniform(0, 80) * rng.standard_normal(ct.voxels.shape))
        assert not filled_target(noisy, mask, "CT", "a")
    assert not filled_target(ct, mask, "CT", "a")
    assert not filled_target(mr, mask, "MR", "a")


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("value", [0.0, 40.0, 500.0])
def test_one_value_in_a_third_of_the_mask_is_named_with_its_share(head, modality, value):
    target, mask = head[modality == "MR"], head[2]
    inside = mask.voxels[0] > 0
    changed = filled(target, value, 2, 16)
    (finding,) = filled_target(changed, mask, modality, "a")
    assert finding.numbers["share"] == pytest.approx((changed.voxels[0][inside] == value).mean(), abs=0.01)
    assert f"one value {value:g}" in finding.what


def test_a_label_map_and_an_image_of_few_values_are_not_filled():
    rng = np.random.default_rng(0)
    few = Volume(rng.integers(0, 4, (1, 12, 12, 12)).astype(np.int16), np.eye(4))
    everywhere = few.like(np.ones_like(few.voxels))
    assert not filled_target(few, everywhere, "MR", "a")
    assert not filled_target(few, everywhere, "labels", "a")
