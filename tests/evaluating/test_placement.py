import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from medtrans.core.volume import Volume
from medtrans.evaluating.placement import misplaced, without_padding
from medtrans.phantoms import make_head, paint

AXES = {0: ("the left", "the right"), 1: ("the back", "the front"), 2: ("the bottom", "the top")}
"""Axis in RAS → where to, for contents that lie too far along the axis, and not far enough."""


@pytest.fixture(scope="module")
def head():
    made = make_head(3, shape=(48, 54, 48), spacing=4.0)
    return paint(made, "CT", np.random.default_rng(0)), made.mask


def shifted(volume, axis, by):
    return volume.like(np.roll(volume.voxels, by, axis + 1))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("by", [-3, -1, 1, 2])
def test_a_translation_some_slices_off_is_named_with_its_direction(head, axis, by):
    target, mask = head
    (finding,) = misplaced(shifted(target, axis, by), target, mask, "a")
    slices = f"{abs(by)} slice{'s' if abs(by) > 1 else ''}"
    assert f"better {slices} further to {AXES[axis][by < 0]}" in finding.what
    assert finding.numbers["error"] < 0.5 * finding.numbers["error_in_place"]


@pytest.mark.parametrize("axis", [1, 2])
def test_a_mirrored_translation_is_named(head, axis):
    target, mask = head
    (finding,) = misplaced(target.like(np.flip(target.voxels, axis + 1)), target, mask, "a")
    assert finding.code == "mirrored"


def test_other_orientations_name_the_same_direction(head):
    target, mask = head
    turn = [volume.like(np.flip(volume.voxels, (1, 2, 3))) for volume in (shifted(target, 2, 1), target, mask)]
    affine = target.affine @ np.diag([-1.0, -1.0, -1.0, 1.0])
    (finding,) = misplaced(*(Volume(np.ascontiguousarray(one.voxels), affine) for one in turn), "a")
    assert "1 slice further to the bottom" in finding.what


def test_good_blurred_noisy_and_wrong_translations_are_not_called_misplaced(head):
    target, mask = head
    rng = np.random.default_rng(1)
    voxels = target.voxels[0].astype(np.float64)
    for sigma in (0.0, 0.5, 1.0, 2.0):
        blurred = gaussian_filter(voxels, sigma) if sigma else voxels
        for noise in (0.0, 20.0, 200.0):
            noisy = target.like((blurred + noise * rng.standard_normal(blurred.shape))[None])
            assert not misplaced(noisy, target, mask, "a")
    assert not misplaced(target.like(rng.permuted(target.voxels)), target, mask, "a")
    assert not misplaced(target.like(np.zeros_like(target.voxels)), target, mask, "a")


@pytest.mark.parametrize("value", [-3024, -2000, -32768])
def test_padding_in_the_mask_is_left_out_with_its_share(head, value):
    target, mask = head
    inside = mask.voxels[0] > 0
    voxels = target.voxels.copy()
    voxels[:, :, :20] = value
    counted, (finding,) = without_padding(target.like(voxels), mask, inside, "a")
    assert not (counted.voxels[0] > 0)[:, :20].any()
    assert (counted.voxels[0] > 0).sum() == inside[:, 20:].sum()
    assert finding.numbers["share"] == pytest.approx(inside[:, :20].sum() / inside.sum())
    assert without_padding(target, mask, inside, "a") == (mask, [])
