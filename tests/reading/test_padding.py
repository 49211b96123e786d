import numpy as np
import pytest

from medtrans.reading.padding import padding_as_air, without_padding
from tests.reading.filled_heads import filled, made_head


@pytest.fixture(scope="module")
def head():
    return made_head()


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("value", [-1200, -2000, -3024, -4096, -32768])
def test_padding_of_a_ct_in_the_mask_is_left_out_with_its_share(head, axis, value):
    target, _, inside = head
    counted, (finding,) = without_padding(filled(target, value, axis, 12), inside, "CT", "a")
    left = np.moveaxis(counted, axis, 0)
    assert not left[:12].any()
    assert left.sum() == np.moveaxis(inside, axis, 0)[12:].sum()
    assert finding.numbers["share"] == pytest.approx(1 - left.sum() / inside.sum())
    assert finding.numbers["value"] == value


@pytest.mark.parametrize("value", [-32768, -9999])
def test_padding_of_an_mr_far_below_its_values_is_left_out(head, value):
    _, target, inside = head
    counted, (finding,) = without_padding(filled(target, value, 1, 10), inside, "MR", "a")
    assert not counted[:, :10].any()
    assert finding.code == "padding"


def test_padding_that_was_interpolated_is_left_out_with_its_edge(head):
    target, _, inside = head
    voxels = filled(target, -3024, 0, 12).voxels
    voxels[:, 12] = -1800
    counted, _ = without_padding(target.like(voxels), inside, "CT", "a")
    assert not counted[:13].any()


def test_noise_of_air_undershoot_and_sound_images_are_no_padding(head):
    ct, mr, inside = head
    rng = np.random.default_rng(1)
    for _ in range(100):
        noisy = ct.like(ct.voxels + rng.uniform(0, 80) * rng.standard_normal(ct.voxels.shape))
        for counted in (inside, np.ones_like(inside)):
            assert without_padding(noisy, counted, "CT", "a") == (counted, [])
        cubic = mr.like(mr.voxels - rng.uniform(0, 0.2) * float(mr.voxels.max()) * (rng.random(mr.voxels.shape) < 0.01))
        assert without_padding(cubic, inside, "MR", "a") == (inside, [])


def test_a_mask_that_lies_wholly_in_padding_is_refused_in_one_sentence(head):
    target, _, inside = head
    counted, (finding,) = without_padding(filled(target, -3024, 0, 36), inside, "CT", "a")
    assert not counted.any()
    assert (finding.code, finding.severity) == ("empty-mask", "refuse")
    assert finding.what == "the mask lies wholly where the target is padded with -3024, outside of its field of view"


@pytest.mark.parametrize(("modality", "value", "air"), [("CT", -3024, -1024), ("MR", -9999, 0)])
def test_padding_inside_and_outside_of_a_mask_becomes_air_and_nothing_else_changes(head, modality, value, air):
    image = head[modality == "MR"]
    padded = filled(image, value, 1, 10)
    assert np.array_equal(padding_as_air(padded, modality).voxels, filled(image, air, 1, 10).voxels)
    assert padding_as_air(image, modality) is image
