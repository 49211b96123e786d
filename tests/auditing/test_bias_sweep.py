import math
from dataclasses import replace

import numpy as np
import pytest

from medtrans.auditing.bias_sweep import Calls, Reader, SweepRun, bias_verdict, slope

PERFECT = Reader(Calls(100, 100), Calls(0, 100))
SHARES = (0, 0.25, 0.5, 0.75, 1)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def runs(slope=0.0, middle=0.0, seeds=3, error=0.5, count=400, spread=0.05, shares=SHARES, reader=PERFECT):
    """Invented follows a line in logits, seed 1 on it and the others beside it; removed does not change."""
    found = []
    for share in shares:
        for seed in range(seeds):
            rate = sigmoid(middle + slope * (share - 0.5) + spread * (seed - 1))
            ill, healthy = Calls(count // 2, count), Calls(round(rate * count), count)
            found.append(SweepRun("cut", "plain", share, seed, ill, healthy, reader, error, 1.0))
    return found


def test_the_correction_gives_the_true_share():
    reader = Reader(Calls(80, 100), Calls(10, 100))
    for true in (0, 0.2, 0.5, 1):
        called = true * 0.8 + (1 - true) * 0.1
        assert reader.corrected(called) == pytest.approx(true)
    assert reader.corrected(0.05) == 0, "fewer than its own false calls"
    assert reader.corrected(0.95) == 1


def test_a_coin_corrects_nothing():
    coin = Reader(Calls(60, 100), Calls(50, 100))
    assert math.isnan(coin.corrected(0.5))
    verdict = bias_verdict("cut", runs(slope=3, reader=coin))
    assert verdict.outcome == "not assessable"
    assert "sensitivity 0.60 and specificity 0.50" in verdict.reason


def test_the_slope_of_a_line_in_logits_is_found():
    found = slope(runs(slope=2), "invented")
    assert found.runs == 15
    assert found.apart
    assert found.value == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("true", [0.0, 1.5])
def test_an_interval_covers_the_slope_as_often_as_it_says(true):
    """Rates scatter by run: 95 % of the intervals of 300 sweeps hold the slope."""
    covered, rng = 0, np.random.default_rng(1)
    for _ in range(300):
        some = []
        for run in runs(seeds=3):
            rate = sigmoid(true * (run.share - 0.5) + rng.normal(0, 0.5))
            some.append(replace(run, healthy=Calls(round(400 * rate), 400)))
        found = slope(some, "invented")
        covered += found.low < true < found.high
    assert 273 <= covered <= 296


def test_a_bias_fails_no_bias_passes_and_a_wide_interval_is_not_assessable():
    assert bias_verdict("cut", runs(slope=2)).outcome == "fail"
    assert bias_verdict("cut", runs(slope=0)).outcome == "pass"
    wide = bias_verdict("cut", runs(slope=0, spread=2.5))
    assert wide.outcome == "not assessable"
    assert "holds 0" in wide.reason


def test_runs_that_have_not_learned_are_excluded_and_it_is_said():
    verdict = bias_verdict("cut", runs(slope=3, error=1.2))
    assert verdict.outcome == "not assessable"
    assert verdict.reason.startswith("15 of 15 runs are excluded")
    assert "train them for longer" in verdict.reason


def test_too_few_runs_say_how_many_would_be_enough():
    verdict = bias_verdict("cut", runs(slope=3, seeds=1, shares=(0, 1)))
    assert verdict.outcome == "not assessable"
    assert "6 runs of 3 shares and 2 seeds would be enough" in verdict.reason


def test_rates_of_0_and_1_have_a_logit():
    ends = [
        SweepRun("cut", "plain", share, seed, Calls(0, 20), Calls(20 * round(share), 20), PERFECT, 0.5, 1.0)
        for share in (0, 1)
        for seed in range(3)
    ]
    assert slope(ends, "invented").value > 6
    same = slope(ends, "removed")
    assert same.value == pytest.approx(0)
    assert same.low < -0.5, "equal counts of few images are no certainty"


def test_each_run_is_corrected_by_the_detector_that_called_it():
    poor = Reader(Calls(80, 100), Calls(10, 100))
    one, other = runs(shares=(0.5,), seeds=1), runs(shares=(0.5,), seeds=1, reader=poor)
    assert one[0].called("removed") == other[0].called("removed")
    assert other[0].rate("removed") == pytest.approx(1 - (0.5 - 0.1) / 0.7)
    assert one[0].rate("removed") == pytest.approx(0.5)
