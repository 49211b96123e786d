import math
import re
from xml.etree import ElementTree

import matplotlib
import numpy as np

from medtrans.evaluating.statistics.agreement import bland_altman
from medtrans.reporting.charts.agreement import agreement_chart
from medtrans.reporting.charts.curve import curve_chart
from medtrans.reporting.charts.intensity import body_histogram, error_chart, tissue_histogram
from medtrans.reporting.charts.strip import strip_chart
from medtrans.reporting.curves import curves
from tests.reporting.report_volumes import journal

LIMITS = bland_altman(np.arange(4.0), np.array([1.0, 0.0, 3.0, 1.0]))
EDGES = np.linspace(-1000, 1500, 11)


def charts():
    first, *_, rate = curves(journal(), "validation/mae")
    share = np.full(10, 0.1)
    return {
        "curve": curve_chart(first, last=100, best_step=60),
        "rate": curve_chart(rate, last=100),
        "strip": strip_chart({"translated": [1.0, 2.0], "copy": [3.0, math.nan]}, own=("translated",), name="mae"),
        "histogram": body_histogram(EDGES, share, 0 * share, "HU", name="sub-01"),
        "tissue": tissue_histogram(EDGES, share, 0 * share, "HU", name="sub-01 bone"),
        "agreement": agreement_chart(np.arange(4.0), np.arange(4.0), LIMITS, "HU", name="mean"),
        "error": error_chart(EDGES, np.where(EDGES[1:] > 0, np.nan, 3.0), np.full(10, 4.0), "HU", name="sub-01"),
    }


def test_charts_are_well_formed_and_have_no_size_of_their_own():
    for chart in charts().values():
        root = ElementTree.fromstring(chart)
        assert root.tag == "svg"
        assert set(root.attrib) == {"viewBox", "aria-hidden", "focusable"}


def test_every_colour_is_a_variable_of_the_page():
    for chart in charts().values():
        assert re.findall(r"#[0-9a-f]{6}\b", chart) == []
        assert "var(--first)" in chart


def test_no_two_charts_share_an_id():
    found = [set(re.findall(r' id="([^"]*)"', chart)) for chart in charts().values()]
    assert sum(map(len, found)) == len(set.union(*found))


def test_the_font_is_that_of_the_page_and_nothing_is_loaded():
    for chart in charts().values():
        assert "DejaVu" not in chart
        assert "http" not in chart
        assert "<style" not in chart


def test_names_are_text_whatever_they_hold():
    evil = "<script>alert(1)</script> $\\frac{$ & co"
    chart = strip_chart({"translated": [1.0], evil: [2.0]}, own=("translated",), name="mae")
    assert evil in [element.text for element in ElementTree.fromstring(chart).iter("text")]


def test_small_ticks_keep_their_digits():
    rows = [{"step": step, "g/l1": 10.0**-step} for step in range(1, 5)]
    assert "0.001" in curve_chart(curves(rows)[0], last=4)


def test_the_best_checkpoint_is_marked():
    validation = next(curve for curve in curves(journal(), "validation/mae") if curve.best)
    assert "var(--mark)" in curve_chart(validation, last=100, best_step=60)
    assert "var(--mark)" not in curve_chart(curves(journal())[0], last=100)


def test_equal_input_gives_equal_charts_and_nothing_global_changes():
    before = dict(matplotlib.rcParams)
    assert charts() == charts()
    assert dict(matplotlib.rcParams) == before


def ticks(chart):
    return [element.text for element in ElementTree.fromstring(chart).iter("text")]


def test_a_term_recorded_once_has_the_axis_of_the_whole_run():
    (once,) = curves([{"step": 40, "validation/mae": 5.0}])
    assert {"0", "20", "40"} <= set(ticks(curve_chart(once, last=40)))
    assert not any("." in words for words in ticks(curve_chart(once, last=4)) if words.startswith(("0", "1", "2", "3")))


def test_a_tick_of_a_small_learning_rate_is_short_enough_for_the_margin():
    rows = [{"step": step, "learning_rate": 4e-6 * step} for step in range(1, 6)]
    found = ticks(curve_chart(curves(rows)[0], last=5))
    assert "1.6e−5" in found
    assert max(map(len, found)) <= 7


def test_equal_charts_of_two_names_share_no_id():
    first, second = (strip_chart({"translated": [1.0]}, own=("translated",), name=name) for name in ("ssim", "ms_ssim"))
    found = [set(re.findall(r' id="([^"]*)"', chart)) for chart in (first, second)]
    assert found[0]
    assert not found[0] & found[1]
