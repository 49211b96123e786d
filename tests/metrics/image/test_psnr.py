import numpy as np
import pytest

from medtrans.metrics.image.psnr import PSNR

EVERYWHERE = np.ones((2, 1, 1), bool)


def test_psnr_is_by_the_range_and_not_by_the_images():
    target, translated = np.zeros((2, 1, 1)), np.array([[[3.0]], [[4.0]]])
    assert PSNR(low=0, high=100)(translated, target, EVERYWHERE) == pytest.approx(10 * np.log10(100**2 / 12.5))


def test_what_lies_beyond_the_range_is_cut_off_on_both_sides():
    target, translated = np.array([[[-2000.0]], [[4000.0]]]), np.array([[[-1500.0]], [[3100.0]]])
    assert PSNR()(translated, target, EVERYWHERE) == np.inf


def test_integers_do_not_overflow():
    target, translated = np.full((2, 1, 1), -1000, np.int16), np.full((2, 1, 1), 3000, np.int16)
    assert PSNR()(translated, target, EVERYWHERE) == pytest.approx(20 * np.log10(4095 / 4000))
