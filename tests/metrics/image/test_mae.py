import numpy as np
import pytest

from medtrans.metrics.image.mae import MAE


def test_mae_is_the_mean_distance_over_the_mask_only():
    target = np.array([[[0, 10, -1024, 500]]], np.int16)
    translated = np.array([[[3, 5, 3000, 500]]], np.int16)
    assert MAE()(translated, target, np.array([[[1, 1, 0, 0]]])) == pytest.approx(4.0)


def test_mae_is_not_clipped_and_integers_do_not_overflow():
    target, translated = np.full((1, 1, 1), -30000, np.int16), np.full((1, 1, 1), 30000, np.int16)
    assert MAE()(translated, target, np.ones((1, 1, 1), bool)) == 60000
