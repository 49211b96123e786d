import math

import pytest

from medtrans.reporting.ranking_table import standing_table

NOTHING = dict.fromkeys(("behind_low", "behind_high", "p", "effect", "equivalent"), math.nan)
FIRST = {
    "system": "one", "mean": 60.0, "low": 55.0, "high": 66.0, "place": 1, "place_low": 1.0, "place_high": 2.0,
    "rank": 1.25, "behind": 0.0, "note": "", **NOTHING,
}  # fmt: skip
SECOND = FIRST | {
    "system": "other", "place": 2, "behind": -4.0, "behind_low": -6.0, "behind_high": 2.0, "p": 0.0312, "effect": -0.5,
}  # fmt: skip
CONTROL = FIRST | {"system": "control: copy", "behind": 50.0, "behind_low": 40.0, "behind_high": 60.0, "p": 0.0001}


def test_numbers_in_words():
    first, second, control = standing_table("mae", [FIRST, SECOND, CONTROL], {"one", "other"}).rows
    assert standing_table("mae", [FIRST], set()).direction == "↓ lower is better"
    assert (first.mean, first.interval, first.place, first.places) == ("60.00", "55.00 … 66.00", "1", "1 … 2")
    assert (first.behind, first.p, first.effect) == ("first", "", "")
    assert (second.behind, second.behind_interval) == ("−4.00", "−6.00 … +2.00")
    assert (second.p, second.effect, second.equivalent, control.p) == (".031", "−0.50", "–", "< .001")


def test_differences_are_drawn_on_one_line_as_wide_as_the_runs_ask():
    table = standing_table("mae", [FIRST, SECOND, CONTROL], {"one", "other"}, margin=3.0)
    drawn = table.rows[1].drawn
    assert 0 < drawn.low < drawn.at < table.zero < drawn.high < 100
    share = (table.band[1] - table.band[0]) / (drawn.high - drawn.low)
    assert share == pytest.approx(6 / 8, abs=0.01)
    assert (table.rows[2].drawn, table.rows[2].clipped_fraction, table.rows[0].drawn) == (None, "→", None)


def test_what_is_missing_is_a_dash_and_its_interval_nothing():
    lone = SECOND | {"mean": math.nan, "low": math.nan, "behind": math.nan, "behind_low": math.nan, "p": math.nan}
    row = standing_table("nmi[bins=32]", [FIRST, lone], {"one", "other"}).rows[1]
    assert (row.mean, row.interval, row.behind, row.behind_interval, row.p, row.drawn) == ("–", "", "–", "", "–", None)
    assert standing_table("nmi[bins=32]", [FIRST], set()).label == "NMI[bins=32]"
    assert standing_table("psnr", [FIRST | {"mean": math.inf}], set()).rows[0].mean == "∞"
