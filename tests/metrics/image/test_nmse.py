import numpy as np
import pytest
from skimage.metrics import normalized_root_mse

from medtrans.core.errors import InputRefused
from medtrans.metrics.image.nmse import NMSE
from tests.metrics.image import damaged


def test_nmse_is_the_square_of_the_normalised_root():
    x, y, body = damaged.noisy(50), damaged.image(), damaged.body()
    assert NMSE()(x, y, body) == pytest.approx(normalized_root_mse(y[body], x[body]) ** 2, rel=1e-6)


def test_a_translation_of_zeros_scores_one_and_a_target_of_zeros_is_refused():
    ones, everywhere = np.ones((2, 2, 2)), np.ones((2, 2, 2), bool)
    assert NMSE()(0 * ones, ones, everywhere) == 1
    with pytest.raises(InputRefused, match="the target is 0 everywhere"):
        NMSE()(ones, 0 * ones, everywhere)
