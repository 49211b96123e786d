from dataclasses import replace

import numpy as np
import pytest

from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint_mr
from medtrans.phantoms.mr_appearance import other_scanner
from medtrans.phantoms.t1_target import BRIGHTEST, WHITE_MATTER, clean_t1, is_t1


@pytest.fixture(scope="module")
def head():
    return make_head(0, shape=(48, 54, 48), spacing=4.0)


def mean_of(image, head, tissue):
    return image.voxels[0][head.fraction(tissue) > 0.99].mean()


def test_of_other_images_it_is_an_mprage(head):
    image = clean_t1(head, np.random.default_rng(0))
    means = {tissue: mean_of(image, head, tissue) for tissue in ("CSF", "grey matter", "white matter")}
    assert means["CSF"] < 0.2 * means["white matter"]
    assert 0.6 < means["grey matter"] / means["white matter"] < 0.72
    assert means["white matter"] == pytest.approx(WHITE_MATTER, rel=0.01)
    assert not image.voxels[head.mask.voxels == 0].any()


def test_most_t1_look_like_a_t1_few_flair_and_no_t2():
    shares = {
        contrast: np.mean([is_t1(other_scanner(contrast, np.random.default_rng(seed))) for seed in range(60)])
        for contrast in ("T1", "T2", "FLAIR", "PD")
    }
    assert shares.pop("T1") > 0.75
    assert shares["T2"] == 0
    assert shares["FLAIR"] < 0.25, "one with little contrast between grey and white matter"


def test_the_target_of_a_t1_is_that_t1_without_noise_and_blur(head):
    seen = other_scanner("T1", np.random.default_rng(1))
    perfect = replace(seen, noise=0.0, blur=(0.0, 0.0, 0.0), fat_shift=(0, 0.0))
    source = paint_mr(head, perfect, np.random.default_rng(2))
    target = clean_t1(head, np.random.default_rng(2), seen)
    inside = head.mask.voxels > 0
    ratio = target.voxels[inside] / np.maximum(source.voxels[inside], 1e-3)
    kept = (source.voxels[inside] > 10) & (target.voxels[inside] < BRIGHTEST)
    assert np.ptp(ratio[kept]) < 1e-4 * ratio.max(), "one factor"
    assert kept.mean() > 0.8
    assert target.voxels.max() <= BRIGHTEST


def test_without_a_t1_as_its_source_it_is_flat_within_a_tissue(head):
    image = clean_t1(head, np.random.default_rng(3)).voxels[0]
    within = image[head.fraction("white matter") > 0.999]
    assert within.std() < 0.002 * within.mean()
