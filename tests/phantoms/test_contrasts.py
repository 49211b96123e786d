import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.phantoms import Lesion, make_head, paint
from medtrans.phantoms.contrasts import paint_ct
from medtrans.phantoms.tissues import TISSUES

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


@pytest.mark.parametrize("marrow", [None, 350, 600])
def test_bone_is_above_250_hounsfield_units_whatever_the_marrow(head, marrow):
    ct = paint_ct(head, np.random.default_rng(0), noise=0, marrow=marrow).voxels[0]
    bone = head.fraction("cortical bone") + head.fraction("marrow") > 0.999
    assert ct[bone].min() > 250
    assert ct[head.fraction("marrow") > 0.999].mean() == pytest.approx(marrow or 500, abs=25)


def test_a_border_lies_between_its_tissues(head):
    """CSF and cortical bone fill these voxels: their value follows their shares."""
    share = head.fraction("cortical bone")
    border = (share + head.fraction("CSF") > 0.999) & (share > 0.3) & (share < 0.7)
    ct = paint_ct(head, np.random.default_rng(0), noise=0).voxels[0]
    assert border.sum() > 50
    assert ct[border] == pytest.approx(share[border] * 1350 + (1 - share[border]) * 8, abs=3 * 140)
    assert ct[border].min() > 100
    assert ct[border].max() < 1350


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
