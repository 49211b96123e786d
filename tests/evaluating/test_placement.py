import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from medtrans.core.volume import Volume
from medtrans.evaluating.placement import misplaced
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


@pytest.mark.parametrize("axis", [0, 1, 2])
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


def test_half_a_turn_is_named(head):
    target, mask = head
    (finding,) = misplaced(target.like(np.flip(target.voxels, (1, 2))), target, mask, "a")
    assert "turned by half a turn" in finding.what


def test_slices_that_are_wrong_at_the_end_do_not_speak_for_a_shift(head):
    """A shift leaves the last slices out: both errors are of the same voxels."""
    target, _ = head
    rng = np.random.default_rng(4)
    voxels = target.voxels + 20 * rng.standard_normal(target.voxels.shape)
    voxels[..., -3:] += 3000
    assert not misplaced(target.like(voxels), target, None, "a")


def smooth(shape, sigma, rng):
    field = gaussian_filter(rng.standard_normal(shape), sigma)
    return field / field.std()


def translated(voxels, rng):
    """As a model might make it: blurred, noisy, with a smooth error, displaced a little, flattened, or without bone."""
    image = gaussian_filter(voxels, rng.uniform(0, 1.2))
    image = image + rng.uniform(0, 150) * rng.standard_normal(image.shape) + rng.uniform(0, 200) * smooth(
        image.shape, 5, rng
    )  # fmt: skip
    if rng.random() < 0.5:
        moved = [grid + rng.uniform(0, 0.4) * smooth(image.shape, 4, rng) for grid in np.indices(image.shape)]
        image = map_coordinates(image, moved, order=1, mode="nearest")
    if rng.random() < 0.3:
        image = rng.uniform(0.3, 0.8) * image + rng.uniform(-300, 100)
    return np.minimum(image, 80) if rng.random() < 0.2 else image


def drawn(head, number):
    target, mask = head
    image = translated(target.voxels[0].astype(np.float64), np.random.default_rng(number))
    return np.where(mask.voxels[0] > 0, image, -1024)


def test_of_drawn_translations_in_place_at_most_one_in_100_is_called_misplaced(head):
    target, mask = head
    images = [*(drawn(head, number) for number in range(25)), np.zeros(target.shape)]
    rng = np.random.default_rng(0)
    images += [rng.permuted(target.voxels[0]) for _ in range(5)]
    assert sum(bool(misplaced(target.like(image[None]), target, mask, "a")) for image in images) == 0


@pytest.mark.slow
def test_of_300_drawn_translations_of_six_heads_in_place_at_most_three_are_called_misplaced():
    found = 0
    for seed in range(6):
        made, rng = make_head(seed, shape=(48, 54, 48), spacing=4.0), np.random.default_rng(seed)
        head = paint(made, ("T1", "CT")[seed % 2], rng), made.mask
        for number in range(50):
            image = drawn(head, 1000 * seed + number)
            found += bool(misplaced(head[0].like(image[None]), *head, "a"))
    assert found <= 3


def test_of_drawn_translations_that_are_misplaced_most_are_named(head):
    target, mask = head
    found = []
    for number in range(20):
        rng = np.random.default_rng(number)
        axis, by = rng.integers(3), rng.choice([-3, -2, -1, 1, 2, 3])
        image = drawn(head, number)
        wrong = np.roll(image, by, axis) if number % 2 else np.flip(image, axis)
        codes = [finding.code for finding in misplaced(target.like(wrong[None]), target, mask, "a")]
        found.append(codes == ["misplaced" if number % 2 else "mirrored"])
    assert np.mean(found) >= 0.8


@pytest.mark.parametrize("seed", [0, 1])
def test_a_nearly_symmetric_head_is_named_where_left_and_right_are_exchanged_and_no_other(seed):
    shape, rng = (40, 46, 40), np.random.default_rng(seed)
    made = make_head(seed, shape=shape, spacing=5.0)
    target = paint(made, "CT", rng)
    blurred = gaussian_filter(target.voxels.astype(np.float32), (0, 1, 1, 1))
    close = target.like(blurred + rng.normal(0, 60, target.voxels.shape).astype(np.float32))
    other = paint(make_head(seed + 50, shape=shape, spacing=5.0), "CT", rng)
    cut = target.voxels.copy()
    cut[..., :10] = -1024
    assert not misplaced(close, target, made.mask, "a")
    assert not misplaced(other, target, made.mask, "a")
    assert not misplaced(close, target.like(cut), made.mask, "a")
    (finding,) = misplaced(close.like(close.voxels[:, ::-1]), target, made.mask, "a")
    assert finding.code == "mirrored"
    assert "the left and the right exchanged" in finding.what
