import pytest

from medtrans.reporting.comparison import ComparedCase, ComparedSystems, RunCost, render_comparison
from medtrans.reporting.ranking_table import Ranking
from tests.reporting.html_page import Page
from tests.reporting.report_volumes import DEFINITION, MAE, example_case
from tests.reporting.test_ranking_table import BASELINE, FIRST, SECOND

RUNS = {"one": RunCost("pix2pix", 100, 2.5), "other": RunCost("cyclegan", 200, 5.0)}


def page(margin=None, cases=(), remark=""):
    ranking = Ranking(MAE, "lower", (FIRST, SECOND, BASELINE), margin)
    compared = ComparedSystems(definition=DEFINITION, subjects=4, systems=RUNS, rankings=[ranking], remark=remark)
    return Page(render_comparison(compared, cases))


def test_every_system_has_a_row_with_its_numbers():
    text = page(remark="Below 6 subjects no test can reach p < 0.05.").text
    for words in (
        "2 systems on the same 4 subjects",
        "Below 6 subjects no test can reach p < 0.05.",
        "MAE ↓ lower is better",
        "other mean rank 1.25 cyclegan, 200 steps, 5.0 minutes",
        "baseline: copied source",
        "−4.00 −6.00 … +2.00",
        "synthrad2023",
        "MAE : not clipped.",
    ):
        assert words in text, words


def test_a_margin_adds_the_test_of_equivalence():
    assert "pre-specified equivalence margin" in page(margin=3.0).text
    assert "equivalence" not in page().text


@pytest.mark.parametrize("target", [True, False])
def test_the_same_slices_are_displayed_for_every_run(target):
    runs = {name: example_case(target=target, shift=shift) for name, shift in (("one", 5.0), ("other", 40.0))}
    found = page(cases=[ComparedCase("sub-01", runs)])
    assert found.tags.count("img") == 3 * (6 if target else 3)
    texts = [value for tag, name, value in found.attributes if (tag, name) == ("img", "alt")]
    assert ("sub-01, other, difference to the target" in texts) == target
