import math

import numpy as np
import pytest

from medtrans.auditing.contrast import Contrast, background, contrast, recovery, shell
from tests.auditing.lesion_volumes import HEAD, LARGE, MIDDLE, SIDE, SPACING, balls, image


def measured(volume, lesion, excluded=None):
    box, around = shell(lesion, ~HEAD if excluded is None else ~HEAD | excluded, (SPACING,) * 3)
    return contrast(volume.voxels[0], lesion, box, around)


def test_the_shell_lies_five_to_ten_mm_from_the_lesion():
    lesion = balls(((0, 0, 0), 8.0))
    box, around = shell(lesion, np.zeros(lesion.shape, bool), (SPACING,) * 3)
    there = np.argwhere(around) + [ends.start for ends in box]
    away = np.linalg.norm(there[:, None] - np.argwhere(lesion)[None], axis=2).min(axis=1) * SPACING
    assert (away.min(), away.max()) == (pytest.approx(5, abs=1), 10)
    assert min(away) >= 5


def test_cnr_is_the_difference_over_the_noise_of_the_shell():
    found = measured(image(balls(LARGE), noise=5.0, height=60.0), balls(LARGE))
    assert found.difference == pytest.approx(60, abs=1)
    assert found.cnr == pytest.approx(12, rel=0.1)


def test_half_the_contrast_is_half_recovered_and_less_noise_recovers_more_cnr_but_no_more_difference():
    lesion = balls(LARGE)
    real, half, smooth = (measured(image(lesion, height=h, noise=n), lesion) for h, n in ((60, 5), (30, 5), (60, 2.5)))
    assert recovery(half, real) == (pytest.approx(0.5, abs=0.02), pytest.approx(0.5, abs=0.02))
    assert recovery(smooth, real) == (pytest.approx(2, abs=0.05), pytest.approx(1, abs=0.02))


def test_without_contrast_in_the_real_image_there_is_no_ratio():
    assert all(map(math.isnan, recovery(Contrast(60, 12), Contrast(1, 0.2))))
    assert all(map(math.isnan, recovery(Contrast(60, 12), Contrast())))


def test_other_lesions_are_no_part_of_the_shell():
    near = ((-16, -4, 0), 6.0)
    volume, lesion = image(balls(LARGE, near), height=300.0), balls(LARGE)
    assert measured(volume, lesion, balls(LARGE, near)).cnr == pytest.approx(60, rel=0.1)
    assert measured(volume, lesion).cnr < 20


def test_a_shell_that_is_too_small_gives_nothing():
    lesion = balls(MIDDLE)
    assert math.isnan(measured(image(lesion), lesion, ~lesion).cnr)


def test_padding_is_background_and_a_textured_border_is_not():
    assert np.array_equal(background(image(balls()).voxels[0]), ~HEAD)
    noisy = np.random.default_rng(0).normal(size=(SIDE,) * 3)
    assert not background(noisy).any()
