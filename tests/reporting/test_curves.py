import math

import numpy as np
import pytest

from medtrans.reporting.curves import MAX_POINTS, curves, higher_is_better, thinned
from tests.reporting.report_volumes import journal


def test_players_come_in_their_order_then_validation_then_the_learning_rate():
    names = [curve.name for curve in curves(journal())]
    assert names == ["generator/l1", "discriminator/gan", "validation/mae", "learning_rate"]


def test_the_best_checkpoint_is_the_lowest_error():
    (marked,) = [curve for curve in curves(journal(), "validation/mae") if curve.best]
    assert (marked.name, marked.best) == ("validation/mae", (60.0, 50.0))


def test_the_best_checkpoint_is_the_highest_ssim():
    rows = [{"step": step, "validation/ssim": value} for step, value in ((1, 0.2), (2, 0.9), (3, 0.5))]
    (curve,) = curves(rows, "validation/ssim")
    assert curve.best == (2.0, 0.9)


def test_directions_come_from_the_metrics_themselves():
    assert higher_is_better("validation/psnr")
    assert not higher_is_better("validation/mae")
    assert not higher_is_better("validation/unknown")


def test_wide_positive_values_are_logarithmic_and_others_are_not():
    found = {curve.name: curve.logarithmic for curve in curves(journal())}
    assert found == {"generator/l1": True, "discriminator/gan": False, "validation/mae": False, "learning_rate": False}
    rows = [{"step": step, "generator/loss": value} for step, value in enumerate((0.0, 100.0))]
    assert not curves(rows)[0].logarithmic


def test_values_that_are_not_finite_are_counted_and_left_out():
    rows = [{"step": step, "g/l1": value} for step, value in enumerate((1.0, math.nan, math.inf, 2.0))]
    (curve,) = curves(rows)
    assert curve.values.tolist() == [1.0, 2.0]
    assert curve.not_finite == 2
    assert curves([{"step": 1, "g/l1": math.nan}]) == []


def test_the_smooth_line_keeps_a_straight_line_and_halves_noise():
    line = [{"step": step, "g/l1": float(step)} for step in range(200)]
    (straight,) = curves(line)
    assert np.allclose(straight.smooth[10:-10], straight.values[10:-10])
    rng = np.random.default_rng(0)
    (noisy,) = curves([{"step": step, "g/l1": float(rng.standard_normal())} for step in range(200)])
    assert noisy.smooth.std() < 0.5 * noisy.values.std()


def test_a_long_journal_is_thinned_without_losing_its_spikes():
    values = np.zeros(20_000)
    values[12_345] = 9.0
    steps, thin = thinned(np.arange(20_000), values)
    assert len(thin) <= MAX_POINTS
    assert thin.max() == 9.0
    assert steps[thin.argmax()] == 12_345
    assert (np.diff(steps) > 0).all()


@pytest.mark.parametrize("rows", [[], [{"step": 1, "seconds": 2.0}]])
def test_a_journal_without_terms_has_no_curves(rows):
    assert curves(rows) == []
