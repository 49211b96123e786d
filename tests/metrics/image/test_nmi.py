import numpy as np
import pytest
from skimage.metrics import normalized_mutual_information

from medtrans.metrics.image.nmi import NMI
from tests.metrics.image import damaged


@pytest.mark.parametrize("bins", [8, 64])
def test_nmi_agrees_with_skimage(bins):
    x, y, body = (array.astype(np.float64) for array in (damaged.noisy(80), damaged.image(), damaged.body()))
    expected = normalized_mutual_information(x[body > 0], y[body > 0], bins=bins)
    assert NMI(bins=bins)(x, y, body > 0) == pytest.approx(expected, rel=1e-9)


def test_another_contrast_of_the_same_anatomy_is_perfect_and_a_shuffled_one_is_not():
    rng, everywhere = np.random.default_rng(0), np.ones((20, 20, 20), bool)
    labels = rng.integers(0, 4, everywhere.shape)
    assert NMI()(np.array([9, 1, 5, 2])[labels], labels, everywhere) == pytest.approx(2)
    assert NMI()(rng.permutation(labels.ravel()).reshape(labels.shape), labels, everywhere) < 1.01
