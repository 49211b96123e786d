import numpy as np
import pytest

from medtrans.phantoms.fields import smooth_field


def test_a_field_has_mean_0_and_deviation_1_over_many_draws():
    dice = np.random.default_rng(0)
    fields = np.stack([smooth_field(dice, (9, 10, 11), 4) for _ in range(300)])
    assert fields.dtype == np.float32
    assert fields.mean() == pytest.approx(0, abs=0.03)
    assert fields.std() == pytest.approx(1, rel=0.08)


def test_wider_bumps_change_more_slowly():
    steps = [
        np.abs(np.diff(smooth_field(np.random.default_rng(0), (200, 20), width), axis=0)).mean() for width in (4, 16)
    ]
    assert steps[1] < 0.4 * steps[0]
