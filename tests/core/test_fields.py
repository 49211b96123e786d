from statistics import NormalDist

import numpy as np
import pytest

from medtrans.core.fields import LEVELS, normal, smooth_field, spline_field


@pytest.mark.parametrize("shape", [(40, 50), (9, 10, 11)])
def test_a_field_has_mean_0_and_deviation_1_over_many_draws(shape):
    rng = np.random.default_rng(0)
    fields = np.stack([smooth_field(rng, shape, 4) for _ in range(1500)])
    assert fields.dtype == np.float32
    assert fields.shape[1:] == shape
    assert fields.mean() == pytest.approx(0, abs=0.03)
    assert fields.std() == pytest.approx(1, rel=0.08)


def test_wider_bumps_change_more_slowly():
    steps = [
        np.abs(np.diff(smooth_field(np.random.default_rng(0), (200, 20), width), axis=0)).mean() for width in (4, 16)
    ]
    assert steps[1] < 0.4 * steps[0]


def test_each_axis_may_have_a_width_of_its_own():
    field = smooth_field(np.random.default_rng(0), (80, 80), (4, 16))
    along, across = (np.abs(np.diff(field, axis=axis)).mean() for axis in (0, 1))
    assert across < 0.4 * along


def test_a_field_at_other_places_is_the_same_field():
    weights = normal(np.random.default_rng(0), (8, 9))
    coarse = spline_field(weights, [np.arange(0, 5, 0.5), np.arange(0, 6, 0.5)])
    fine = spline_field(weights, [np.arange(0, 5, 0.125), np.arange(0, 6, 0.25)])
    assert np.array_equal(coarse, fine[::4, ::2])


def test_a_field_is_periodic_and_continuous():
    weights = normal(np.random.default_rng(0), (7,))
    assert np.allclose(*(spline_field(weights, [np.linspace(0, 7, 50) + turn]) for turn in (0, -14)), atol=1e-6)
    assert np.abs(np.diff(spline_field(weights, [np.linspace(0, 7, 5000)]))).max() < 0.01


def test_equal_weights_give_a_constant():
    field = spline_field(np.ones((6, 6, 6)), [np.linspace(0, 3, 11)] * 3)
    assert np.allclose(field, field[0, 0, 0], rtol=1e-6)


def test_normal_numbers_follow_the_normal_distribution():
    numbers = normal(np.random.default_rng(0), (400_000,))
    levels = np.linspace(-3, 3, 25)
    assert [(numbers < level).mean() for level in levels] == pytest.approx(
        [NormalDist().cdf(level) for level in levels], abs=0.003
    )
    assert numbers.std() == pytest.approx(1, rel=0.005)


def test_no_quantile_lies_where_its_last_bit_decides_how_it_is_rounded():
    exact = np.array([NormalDist().inv_cdf((level + 0.5) / LEVELS) for level in range(LEVELS // 2, LEVELS)]) * 65536
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-8
