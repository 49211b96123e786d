import math
from dataclasses import replace

from medtrans.reporting.page import render
from medtrans.reporting.sections.cases import cases_section
from medtrans.reporting.sections.scores import scores_section
from tests.reporting.html_page import Page
from tests.reporting.report_volumes import report, scores


def test_without_scores_there_is_no_section():
    assert scores_section([], None) is None
    assert cases_section([]) is None


def test_scores_without_a_definition_have_a_table():
    section = scores_section(scores(), None)
    assert section.data.definition is None
    assert [line.system for line in section.data.overview] == ["translated", "copied source"]


def test_a_single_case_has_no_distribution():
    assert scores_section(scores(("a",)), None).data.strips == ()


def test_a_missing_score_has_its_reason():
    found = [replace(s, value=math.nan, note="the mask is empty") if s.case == "sub-01" else s for s in scores()]
    text = Page(render(report(scores=found))).text
    assert "n 1, nan 1, inf 0" in text
    assert "sub-01 translated the mask is empty nan" in text


def test_scores_without_any_value_are_a_page_too():
    found = [replace(score, value=value) for score, value in zip(scores(), [math.nan, math.inf] * 4, strict=True)]
    text = Page(render(report(scores=found, cases=[]))).text
    assert "n 0, nan 2, inf 0" in text
    assert "n 0, nan 0, inf 2" in text
    assert "not assessable" in text


def test_many_cases_scroll_within_their_table():
    names = [f"sub-{number:03}" for number in range(40)]
    page = render(report(scores=scores(names), cases=[]))
    assert b'class="scroll long"' in page
    assert "scroll for all 40" in Page(page).text
    assert Page(page).text.count("copied source") >= 40
