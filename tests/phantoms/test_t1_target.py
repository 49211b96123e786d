from dataclasses import replace

import numpy as np
import pytest

from medtrans.phantoms.anatomy import make_head
from medtrans.phantoms.contrasts import paint_mr
from medtrans.phantoms.mr_appearance import other_scanner
from medtrans.phantoms.t1_target import BRIGHTEST, WHITE_MATTER, clean_t1


@pytest.fixture(scope="module")
def head():
    return make_head(0, shape=(48, 54, 48), spacing=4.0)


def mean_of(image, head, tissue):
    return image.voxels[0][head.fraction(tissue) > 0.99].mean()


@pytest.mark.parametrize("seed", range(4))
def test_white_matter_is_the_same_in_all_and_brighter_than_grey_matter_and_csf(head, seed):
    image = clean_t1(head, np.random.default_rng(seed))
    assert mean_of(image, head, "CSF") < 0.7 * WHITE_MATTER
    assert mean_of(image, head, "grey matter") < 1.02 * WHITE_MATTER
    assert mean_of(image, head, "white matter") == pytest.approx(WHITE_MATTER, rel=0.01)
    assert not image.voxels[head.mask.voxels == 0].any()


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
