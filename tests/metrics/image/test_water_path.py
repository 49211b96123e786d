import numpy as np
import pytest

from medtrans.metrics.image.water_path import WaterPath

SPACING = (1.0, 2.0, 3.0)


@pytest.mark.parametrize(("axis", "millimetres"), [("i", 0.1 * 4 * 1), ("j", 0.1 * 5 * 2), ("k", 0.1 * 6 * 3)])
def test_a_tenth_more_water_along_the_whole_ray(axis, millimetres):
    target, everywhere = np.full((4, 5, 6), -100.0), np.ones((4, 5, 6), bool)
    assert WaterPath(axis=axis)(target + 100, target, everywhere, SPACING) == pytest.approx(millimetres)


def test_errors_along_a_ray_cancel_and_those_of_rays_do_not():
    target, error = np.full((2, 2, 1), -500.0), np.array([[[100.0], [-100]], [[100], [100]]])
    everywhere = np.ones(target.shape, bool)
    assert WaterPath(axis="j")(target + error, target, everywhere) == pytest.approx(0.1)
    assert WaterPath(axis="i")(target + error, target, everywhere) == pytest.approx(0.1)


def test_rays_that_miss_the_mask_are_not_counted():
    target, inside = np.full((4, 5, 6), -100.0), np.zeros((4, 5, 6), bool)
    inside[1, 1:3] = True
    assert WaterPath(axis="j")(target + 100, target, inside, SPACING) == pytest.approx(0.1 * 2 * 2)
