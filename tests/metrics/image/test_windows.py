import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from medtrans.metrics.image import _windows as windows
from medtrans.metrics.image._windows import average, clipped, inner, local


def pair(shape, seed=0, kind=np.float64):
    rng = np.random.default_rng(seed)
    return [rng.uniform(0, 4000, shape).astype(kind) for _ in range(2)]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_means_are_those_of_a_uniform_filter_in_the_images_own_type(kind):
    x, y = pair((9, 14, 8), kind=kind)
    found = local(x, y)
    assert found.mean_x.dtype == kind
    assert np.allclose(found.mean_x, inner(uniform_filter(x, 7)), rtol=1e-7, atol=0)
    assert np.allclose(found.mean_y, inner(uniform_filter(y, 7)), rtol=1e-7, atol=0)


def test_variances_and_covariance_are_those_of_a_sample():
    x, y = pair((7, 7, 7))
    found = local(x, y)
    expected = np.cov(x.ravel(), y.ravel())
    assert [float(found.var_x[0, 0, 0]), float(found.var_y[0, 0, 0])] == pytest.approx(np.diag(expected))
    assert float(found.cov[0, 0, 0]) == pytest.approx(expected[0, 1])


@settings(max_examples=25, deadline=None)
@given(
    shape=st.tuples(*[st.integers(1, 23)] * 3),
    share=st.sampled_from([0.0, 0.003, 0.05, 0.9]),
    seed=st.integers(0, 1000),
)
def test_leaving_out_what_no_window_sees_changes_nothing(shape, share, seed):
    x, y = pair(shape, seed)
    inside = np.random.default_rng(seed).random(shape) < share
    found = average(lambda s: s.mean_x * s.var_y, x, y, inside)
    if not inner(inside).any():
        assert np.isnan(found)
        return
    everywhere = local(x, y)
    assert found == pytest.approx((everywhere.mean_x * everywhere.var_y)[inner(inside)].mean(), rel=1e-9)


def test_the_number_of_threads_does_not_change_a_bit(monkeypatch):
    x, y = pair((30, 12, 11))
    inside = np.ones(x.shape, bool)
    with_two = average(lambda s: s.cov, x, y, inside)
    monkeypatch.setattr(windows, "THREADS", 1)
    assert average(lambda s: s.cov, x, y, inside) == with_two


def test_windows_see_clipped_values_above_zero_and_air_outside():
    image = np.array([[[-3000, -24, 5000, 77]]], np.int16)
    found = clipped(image, np.array([[[True, True, True, False]]]), -1024, 3000, np.float32)
    assert found.tolist() == [[[0, 1000, 4024, 0]]]
    assert found.dtype == np.float32
