import numpy as np
import pytest
from scipy import ndimage

from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.phantoms import Lesion, make_head, paint
from medtrans.phantoms.label_maps import from_label_map

SMALL = {"shape": (48, 56, 48), "spacing": 4.0}


@pytest.fixture(scope="module")
def head():
    return make_head(0, shape=(64, 72, 64), spacing=3.0)


def image(head, contrast, seed=0, **options):
    return paint(head, contrast, np.random.default_rng(seed), **options).voxels[0]


def test_the_same_seed_makes_the_same_head_and_another_seed_another():
    one, same, other = (image(make_head(seed, **SMALL), "CT") for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert (one != other).mean() > 0.1


def test_global_random_numbers_are_left_alone():
    np.random.seed(1)  # noqa: NPY002
    expected = np.random.random(3)  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    image(make_head(0, **SMALL), "T1", randomised=True)
    assert np.array_equal(np.random.random(3), expected)  # noqa: NPY002


def test_ct_is_in_hounsfield_units(head):
    ct = image(head, "CT")
    assert ct[0, 0, 0] == -1024
    assert ct.max() > 1000
    middle = ct[24:40, 28:44, 36:48]
    assert 15 < np.median(middle) < 50, "brain"
    assert ct.min() >= -1024


def test_the_skull_surrounds_the_brain(head):
    ct = image(head, "CT")
    top = ct[:, :, 40:]
    free, count = ndimage.label(np.pad(top < 250, ((1, 1), (1, 1), (0, 1)), constant_values=True))
    assert count >= 2
    outside, brain = free[0, 0, -1], free[33, 37, 4]
    assert brain != 0
    assert brain != outside


def test_the_body_mask_is_one_piece_and_holds_all_that_is_not_air(head):
    mask, ct = head.mask.voxels[0] > 0, image(head, "CT")
    assert ndimage.label(mask)[1] == 1
    assert (ct[~ndimage.binary_dilation(mask, iterations=2)] < -900).all()


def test_contrasts_follow_the_tissues(head):
    csf = head.fraction("CSF") > 0.99
    white = head.fraction("white matter") > 0.99
    bone = head.fraction("cortical bone") > 0.9
    means = {c: [image(head, c, bias=0, noise=0)[m].mean() for m in (white, csf, bone)] for c in ("T1", "T2", "FLAIR")}
    assert means["T1"][0] > means["T1"][1]
    assert means["T2"][1] > 2 * means["T2"][0]
    assert means["FLAIR"][1] < 0.3 * means["FLAIR"][0]
    assert all(bone < 0.3 * white for white, _, bone in means.values())


def test_partial_volume_lies_between_its_tissues(head):
    ct = image(head, "CT")
    share = head.fraction("cortical bone") + head.fraction("marrow")
    mixed = (share > 0.3) & (share < 0.7) & (head.fraction("air outside") + head.fraction("air inside") < 0.01)
    pure = head.fraction("cortical bone") > 0.95
    assert -100 < np.median(ct[mixed]) < np.median(ct[pure])


@pytest.mark.parametrize("diameter", [12.0, 24.0])
def test_a_lesion_has_the_size_and_place_asked_for(diameter):
    head = make_head(1, shape=(64, 72, 64), spacing=3.0, lesions=[Lesion(diameter, (20.0, 0.0, 10.0))])
    mask = head.lesion_mask.voxels[0] > 0
    volume = mask.sum() * 27
    assert volume == pytest.approx(np.pi / 6 * diameter**3, rel=0.25)
    assert head.lesions[0].diameter == diameter
    flair = image(head, "FLAIR", bias=0, noise=0)
    assert flair[mask].mean() > 1.1 * flair[head.fraction("white matter") > 0.99].mean()


def test_a_lesion_without_a_place_is_put_into_white_matter():
    head = make_head(1, **SMALL, lesions=[Lesion(15.0)])
    assert head.lesions[0].centre is not None
    assert head.lesion_mask.voxels.sum() > 0


def test_an_unknown_contrast_is_answered(head):
    with pytest.raises(UsageError, match="did you mean 'FLAIR'"):
        image(head, "FLAIRE")


def labels():
    """A ball of white matter in fluid, bone, fat-and-muscle and skin, with an enclosed cavity of air."""
    i, j, k = np.meshgrid(*[np.arange(48) - 23.5] * 3, indexing="ij")
    radius = np.sqrt(i**2 + j**2 + k**2)
    out = np.select([radius < 8, radius < 10, radius < 14, radius < 20, radius < 21.5], [2, 24, 515, 507, 511], 0)
    out[(np.abs(i - 17) < 2) & (np.abs(j) < 2) & (np.abs(k) < 2)] = 0
    return Volume(out[None].astype(np.int16), np.eye(4))


def test_a_label_map_is_painted_with_the_same_contrasts():
    head = from_label_map(labels(), np.random.default_rng(0))
    ct, t1 = image(head, "CT"), image(head, "T1", noise=0, bias=0)
    bone, white = head.fraction("cortical bone") > 0, head.fraction("white matter") > 0
    assert np.median(ct[bone]) > 800
    assert 15 < np.median(ct[white]) < 45
    assert t1[bone].mean() < 0.5 * t1[white].mean()
    assert head.fraction("air inside").sum() > 10, "a closed cavity is no outside"
    assert head.fraction("fat").any()


def test_a_number_without_a_meaning_is_refused_by_name():
    volume = labels()
    volume.voxels[0, 24, 24, 24] = 999
    with pytest.raises(InputRefused, match="999"):
        from_label_map(volume, np.random.default_rng(0))
