import pytest
from scipy.stats import pearsonr

from medtrans.metrics.image.ncc import NCC
from tests.metrics.image import damaged


def test_ncc_is_pearsons_correlation_in_the_mask():
    x, y, body = damaged.noisy(300), damaged.image(), damaged.body()
    assert NCC()(x, y, body) == pytest.approx(pearsonr(x[body], y[body]).statistic, rel=1e-6)


def test_scale_and_offset_do_not_matter_and_the_sign_does():
    x, y, body = damaged.noisy(300), damaged.image(), damaged.body()
    assert NCC()(3 * x + 200, y, body) == pytest.approx(NCC()(x, y, body), rel=1e-5)
    assert NCC()(-y, y, body) == pytest.approx(-1)
