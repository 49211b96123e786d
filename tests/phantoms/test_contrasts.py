from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.degradations._ct_noise import ct_noise
from medtrans.phantoms import Lesion, make_head, paint
from medtrans.phantoms.contrasts import paint_ct, paint_mr
from medtrans.phantoms.mr_appearance import of_sequence
from medtrans.phantoms.tissues import NUMBER, TISSUES

MR = ("T1", "T2", "PD", "FLAIR")
CLEAN = {"bias": 0, "noise": 0, "variation": 0}


def image(head, contrast, seed=0, **options):
    return paint(head, contrast, np.random.default_rng(seed), **options).voxels[0]


def means(head, contrast, tesla):
    """Of each tissue, where a voxel holds nothing else."""
    painted = image(head, contrast, tesla=tesla, **CLEAN)
    names = ("grey matter", "white matter", "CSF", "fat", "cortical bone", "air outside")
    return {name: painted[head.fraction(name) > 0.95].mean() for name in names}


@pytest.mark.parametrize("tesla", [1.5, 3.0])
def test_tissues_are_ordered_as_in_textbooks(head, tesla):
    t1, t2, pd, flair = (means(head, contrast, tesla) for contrast in MR)
    assert t1["fat"] > t1["white matter"] > t1["grey matter"] > t1["CSF"]
    assert t2["CSF"] > 1.5 * t2["grey matter"] > 1.5 * t2["white matter"]
    assert pd["grey matter"] > pd["white matter"]
    assert flair["grey matter"] > flair["white matter"] > 5 * flair["CSF"]
    for of in (t1, t2, pd, flair):
        assert of["air outside"] < of["cortical bone"] + 1e-6 < 0.1 * of["white matter"]


def test_ct_is_in_hounsfield_units(head):
    ct = image(head, "CT")
    assert ct.dtype == np.int16
    assert ct[0, 0, 0] == ct.min() == -1024
    for tissue in TISSUES:
        pure = head.fraction(tissue.name) > 0.999
        if pure.sum() > 50:
            assert ct[pure].mean() == pytest.approx(tissue.hu, abs=6 + 0.4 * tissue.hu_deviation), tissue.name


@pytest.mark.parametrize("marrow", [None, 300, 600])
def test_bone_is_above_250_hounsfield_units_whatever_the_marrow(head, marrow):
    ct = paint_ct(head, np.random.default_rng(0), noise=0, marrow=marrow).voxels[0]
    bone = head.fraction("cortical bone") + head.fraction("marrow") > 0.999
    assert ct[bone].min() > 250
    assert ct[head.fraction("marrow") > 0.999].mean() == pytest.approx(marrow or TISSUES[NUMBER["marrow"]].hu, abs=25)


def test_a_border_lies_between_its_tissues(head):
    """CSF and cortical bone fill these voxels: their value follows their shares."""
    share = head.fraction("cortical bone")
    border = (share + head.fraction("CSF") > 0.999) & (share > 0.3) & (share < 0.7)
    ct = paint_ct(head, np.random.default_rng(0), noise=0).voxels[0]
    assert border.sum() > 50
    bone = TISSUES[NUMBER["cortical bone"]]
    assert ct[border] == pytest.approx(share[border] * bone.hu + (1 - share[border]) * 8, abs=2 * bone.hu_deviation)
    assert ct[border].min() > 100
    assert ct[border].max() < bone.hu


def test_noise_is_rician_and_as_large_as_asked(head):
    """In air it has the mean of a Rayleigh distribution: sqrt(pi / 2) times the deviation."""
    clean, noisy = image(head, "T2", **CLEAN), image(head, "T2", **{**CLEAN, "noise": 0.05})
    deviation = 0.05 * clean[head.fraction("white matter") > 0.99].mean()
    air = head.fraction("air outside") == 1
    assert noisy[air].mean() == pytest.approx(np.sqrt(np.pi / 2) * deviation, rel=0.05)
    assert noisy.min() >= 0


def test_the_coil_shades_the_whole_image_smoothly(head):
    ratio = image(head, "PD", **{**CLEAN, "bias": 0.3}) / np.maximum(image(head, "PD", **CLEAN), 1e-6)
    inside = head.fraction("white matter") > 0.5
    assert ratio[inside].std() > 0.05
    assert np.abs(np.diff(np.log(ratio[inside.any((1, 2))][:, 36, 40]))).max() < 0.1


def painted(head, **changes):
    plain = of_sequence("PD", np.random.default_rng(0), tesla=1.5, noise=0, bias=0, variation=0)
    return paint_mr(head, replace(plain, **changes), np.random.default_rng(0)).voxels[0]


def test_near_the_coil_the_image_is_brighter_by_as_much_as_asked(head):
    plain = painted(head)
    inside = plain > 1
    ratio = painted(head, surface=0.8) / np.maximum(plain, 1)
    middle, skin = inside & (head.fraction("deep grey matter") > 0.5), inside & (head.fraction("skin") > 0.5)
    assert ratio[inside].min() == pytest.approx(1, abs=1e-4)
    assert ratio[inside].max() == pytest.approx(np.exp(0.8), rel=0.01)
    assert ratio[middle].mean() < 1.1
    assert ratio[skin].mean() > 1.5


@pytest.mark.parametrize(("millimetres", "voxels"), [(0, 0), (1, 0), (4, 1), (-7, -2)])
def test_fat_is_displaced_by_millimetres_whatever_the_size_of_voxels(head, millimetres, voxels):
    axis, mm = 1, head.grid.spacing[1]
    signals = np.zeros(len(TISSUES))
    signals[NUMBER["fat"]] = 100.0
    fat = {"signals": tuple(signals), "texture": tuple(0 * signals)}
    still, moved = painted(head, **fat), painted(head, **fat, fat_shift=(axis, float(millimetres)))
    assert voxels == round(millimetres / mm)
    assert np.allclose(moved, np.roll(still, voxels, axis))


def test_a_lesion_is_bright_in_flair():
    head = make_head(1, shape=(32, 32, 32), spacing=3.0, lesions=[Lesion(18.0, (20.0, 0.0, 10.0))])
    flair = image(head, "FLAIR", **CLEAN)
    assert flair[head.fraction("lesion") > 0.9].mean() > 1.1 * flair[head.fraction("white matter") > 0.99].mean()


def test_the_same_seed_paints_the_same_image_and_another_seed_another(head):
    one, same, other = (image(head, "T1", seed, randomised=True) for seed in (5, 5, 6))
    assert np.array_equal(one, same)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] < 0.99


def test_global_random_numbers_are_left_alone(head):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    image(head, "T1", randomised=True)
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_an_unknown_contrast_or_field_is_answered(head):
    with pytest.raises(UsageError, match="did you mean 'FLAIR'"):
        image(head, "FLAIRE")
    with pytest.raises(UsageError, match=r"give 1\.5 or 3\.0"):
        image(head, "T1", tesla=7.0)


def test_the_noise_of_ct_is_as_large_as_asked_and_correlated_within_slices():
    """Neighbours in a slice resemble each other, slices do not, and the lowest frequencies are weak."""
    for spacing in (0.5, 1.0, 3.0, 6.0):
        noise = ct_noise(np.random.default_rng(0), (64, 64, 32), (spacing,) * 3)
        assert noise.std() == pytest.approx(1, rel=0.05)
        assert abs((noise[:, :, 1:] * noise[:, :, :-1]).mean()) < 0.03
        beside = (noise[1:] * noise[:-1]).mean()
        assert beside > 0.3 if spacing <= 1 else abs(beside) < 0.2
    power = np.abs(np.fft.fft2(ct_noise(np.random.default_rng(0), (64, 64, 32), (1, 1, 1)), axes=(0, 1))) ** 2
    radius = np.hypot(*np.meshgrid(*[np.fft.fftfreq(64)] * 2))
    low, middle, high = (
        power[(radius >= a) & (radius < b)].mean() for a, b in ((0.01, 0.04), (0.15, 0.25), (0.45, 0.5))
    )
    assert middle > 1.5 * low
    assert middle > 1.5 * high


def test_a_seed_paints_one_image_at_every_voxel_size():
    """Coil and texture lie at fixed millimetres: blocks of 2 mm voxels are voxels of 4 mm."""
    for contrast in ("T1", "CT"):
        coarse, fine = (
            image(make_head(0, shape=shape, spacing=mm), contrast, **CLEAN)
            for shape, mm in (((36, 40, 36), 4.0), ((72, 80, 72), 2.0))
        )
        blocks = fine.reshape(36, 2, 40, 2, 36, 2).mean((1, 3, 5))
        body = blocks > (-900 if contrast == "CT" else 50)
        assert np.corrcoef(coarse[body], blocks[body])[0, 1] > 0.995


def test_spongy_bone_is_graded_as_in_people():
    """Of the bone of a real head, 28 % lie between 200 and 400 HU; here 9 % did before there were trabeculae."""
    ct = np.stack([image(make_head(seed, shape=(96, 108, 96), spacing=2.0), "CT") for seed in (0, 1)])
    assert 0.18 < ((ct > 200) & (ct < 400)).sum() / (ct > 200).sum() < 0.32


def test_metal_is_white_in_ct_and_a_hole_in_mr():
    head = make_head(0, shape=(64, 72, 72), spacing=3.0, fillings=8)
    metal = head.fraction("metal") > 0.3
    assert metal.any()
    assert image(head, "CT")[metal].min() == 3071
    t1 = image(head, "T1", **CLEAN)
    assert t1[metal].max() < 0.5 * t1[head.fraction("white matter") > 0.95].mean(), (
        "70 % of these voxels may be other tissue"
    )
