import math

import pytest

from medtrans.core.score import Score
from medtrans.evaluating.statistics.summary import summarise


def scores(*values, system="translated", metric="psnr"):
    return [Score(f"case {n}", "", system, metric, value, "dB", "higher") for n, value in enumerate(values)]


def test_a_summary_gives_mean_sd_median_and_extremes():
    (line,) = summarise(scores(30.0, 20.0, 31.0))
    assert (line.n, line.n_nan, line.n_inf) == (3, 0, 0)
    assert (line.mean, line.median, line.min, line.max) == (27.0, 30.0, 20.0, 31.0)
    assert line.sd == pytest.approx(math.sqrt(37))


def test_a_subject_with_many_volumes_counts_once():
    found = [("a", 10.0), ("a", 20.0), ("a", 30.0), ("b", 40.0)]
    (line,) = summarise(
        Score(f"{n}", system, "translated", "mae", value, "HU", "lower") for n, (system, value) in enumerate(found)
    )
    assert (line.n, line.volumes) == (2, 4)
    assert (line.mean, line.min, line.max) == (30.0, 20.0, 40.0)


def test_nan_and_inf_are_counted_and_never_averaged():
    (line,) = summarise(scores(30.0, math.nan, math.inf, 20.0, math.nan))
    assert (line.n, line.n_nan, line.n_inf) == (2, 2, 1)
    assert (line.mean, line.max) == (25.0, 30.0)


def test_nothing_finite_is_summarised_as_nan_and_one_value_has_no_spread():
    (line,) = summarise(scores(math.inf))
    assert (line.n, line.n_inf) == (0, 1)
    assert all(map(math.isnan, (line.mean, line.sd, line.median, line.min, line.max)))
    (line,) = summarise(scores(30.0))
    assert line.mean == 30
    assert math.isnan(line.sd)


def test_competitors_and_metrics_are_kept_apart_in_the_order_they_came():
    lines = summarise([*scores(1.0), *scores(2.0, system="copy"), *scores(3.0, metric="mae"), *scores(5.0)])
    assert [(line.system, line.metric, line.mean) for line in lines] == [
        ("translated", "psnr", 3.0),
        ("copy", "psnr", 2.0),
        ("translated", "mae", 3.0),
    ]
