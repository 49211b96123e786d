import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.evaluating.fills import filled_target, without_padding
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


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("value", [-1200, -2000, -3024, -4096, -32768])
def test_padding_of_a_ct_in_the_mask_is_left_out_with_its_share(head, axis, value):
    target, _, mask = head
    inside = mask.voxels[0] > 0
    counted, (finding,) = without_padding(filled(target, value, axis, 12), mask, "CT", "a")
    left = np.moveaxis(counted.voxels[0] > 0, axis, 0)
    assert not left[:12].any()
    assert left.sum() == np.moveaxis(inside, axis, 0)[12:].sum()
    assert finding.numbers["share"] == pytest.approx(1 - left.sum() / inside.sum())
    assert finding.numbers["value"] == value


@pytest.mark.parametrize("value", [-32768, -9999])
def test_padding_of_an_mr_far_below_its_values_is_left_out(head, value):
    _, target, mask = head
    counted, (finding,) = without_padding(filled(target, value, 1, 10), mask, "MR", "a")
    assert not (counted.voxels[0] > 0)[:, :10].any()
    assert finding.code == "padding"


def test_padding_that_was_interpolated_is_left_out_with_its_edge(head):
    target, _, mask = head
    voxels = filled(target, -3024, 0, 12).voxels
    voxels[:, 12] = -1800
    counted, _ = without_padding(target.like(voxels), mask, "CT", "a")
    assert not (counted.voxels[0] > 0)[:13].any()


def test_noise_of_air_undershoot_and_sound_images_are_no_padding(head):
    ct, mr, mask = head
    rng = np.random.default_rng(1)
    for number in range(100):
        noisy = ct.like(ct.voxels + rng.uniform(0, 80) * rng.standard_normal(ct.voxels.shape))
        assert without_padding(noisy, mask, "CT", "a") == (mask, [])
        assert without_padding(noisy, None, "CT", "a") == (None, [])
        cubic = mr.like(mr.voxels - rng.uniform(0, 0.2) * float(mr.voxels.max()) * (rng.random(mr.voxels.shape) < 0.01))
        assert without_padding(cubic, mask, "MR", "a") == (mask, [])
        if number < 10:
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
