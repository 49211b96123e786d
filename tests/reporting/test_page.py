"""The frame of the page: self-contained, harmless, accessible, deterministic."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from medtrans.core.finding import Finding
from medtrans.core.score import MetricId
from medtrans.reporting.page import render, write_page
from medtrans.reporting.report import Report
from tests.reporting.html_page import Page
from tests.reporting.report_volumes import CONVERGED, example_case, journal, report, scores


@pytest.fixture(scope="module")
def whole():
    return render(report())


def test_a_report_without_sections_is_a_page_with_a_title():
    text = Page(render(Report(title="Nothing yet"))).text
    assert "Nothing yet" in text
    assert "SYNTHETIC" in text


def test_nothing_is_loaded_from_anywhere(whole):
    for _, name, value in Page(whole).attributes:
        if name in ("src", "href", "srcset", "action", "data", "poster", "xlink:href"):
            assert value.startswith(("data:image/png;base64,", "#")), value
    assert re.findall(rb"url\((?!#)|@import|<link|<iframe|<script[^>]* src", whole) == []
    assert b"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'sha256-" in whole


def test_every_picture_has_a_text_and_every_header_cell_a_scope(whole):
    page = Page(whole)
    texts = [value for tag, name, value in page.attributes if (tag, name) == ("img", "alt")]
    assert len(texts) == page.tags.count("img") == 4 + 4 * 4 + 4 * 3
    assert "sub-01, translated (synthetic), axial slice 9 of 16, −160 … 240 HU" in texts
    assert page.tags.count("th") == sum((tag, name) == ("th", "scope") for tag, name, _ in page.attributes)
    assert page.tags.count("h1") == 1


def test_equal_reports_are_equal_bytes_but_for_the_date(whole):
    assert render(report()) == whole
    other = render(report(date="2031-07-08"))
    assert other != whole
    assert other.replace(b"2031-07-08", b"2025-01-02") == whole


def test_a_page_of_one_case_is_small():
    rng = np.random.default_rng(0)
    case = example_case(shape=(96, 112, 96), spacing=(2.0, 2.0, 2.0))
    noisy = case.target.like((case.target.voxels + 60 * rng.standard_normal(case.target.voxels.shape)).astype("f4"))
    images = replace(case, target=noisy, source=noisy)
    assert len(render(report(cases=[images], run={"journal": journal(20_000)}))) < 8_000_000


EVIL = "<script>alert('x')</script>\"'&{{ 7*7 }}$x$"


def test_names_are_harmless_whatever_they_contain():
    rows = [{"step": step, f"{EVIL}/a": 1.0 * step, f"validation/{EVIL}": 2.0 * step} for step in range(1, 9)]
    finding = Finding(code=EVIL, severity="warn", where=EVIL, what=EVIL)
    run = {
        "journal": rows,
        "monitor": EVIL,
        "recipe": EVIL,
        "card": {"data": {"split": EVIL}},
        "convergence": replace(CONVERGED, question=EVIL, reason=EVIL),
    }
    page = render(
        report(
            cases=[replace(example_case(), case=EVIL)],
            run=run,
            scores=[replace(score, note=EVIL, metric=MetricId(EVIL)) for score in scores((EVIL,), (EVIL,))],
            failed={EVIL: finding},
            findings=[finding],
            provenance={EVIL: EVIL, "group": {EVIL: [EVIL]}},
            title=EVIL,
            about=EVIL,
            date=EVIL,
        )
    )
    parsed = Page(page)
    assert parsed.tags.count("script") == Page(render(report())).tags.count("script") == 4
    assert b"<script>alert" not in page
    assert parsed.text.count("{{ 7*7 }}") > 10
    assert not any(name.startswith("on") for _, name, _ in parsed.attributes)


def test_a_name_that_is_no_valid_text_is_replaced():
    assert Page(render(report(title="broken \udcff name", cases=[])))


@pytest.mark.parametrize(
    "less",
    [
        {"run": {"journal": []}},
        {"run": {"monitor": ""}},
        {"cases": []},
        {"scores": []},
        {"provenance": {}, "run": {"recipe": ""}},
        {"run": {"recipe": ""}},
        {"run": {"convergence": None}, "about": "", "date": ""},
        {"cases": [example_case(target=False)], "scores": []},
        {"cases": [example_case(mask=False)]},
        {"cases": [example_case(target=False, mask=False)], "scores": [], "run": {"journal": []}},
        {"scores": scores(baselines=())},
    ],
    ids=lambda less: "+".join(less),
)
def test_sections_without_content_are_left_out(less):
    text = Page(render(report(**less))).text
    assert "MR to CT" in text
    assert ("Training Each term" in text) == bool(less.get("run", {}).get("journal", True))
    assert ("Images Radiological" in text) == (less.get("cases") != [])
    assert ("Scores Mean" in text) == (less.get("scores") != [])


def test_the_sections_of_the_page_can_be_jumped_to(whole):
    page = Page(whole)
    places = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert "#methods" in places
    assert all(place[1:] in page.ids for place in places)


def test_the_page_has_a_draft_of_the_methods_and_the_licence_of_its_viewer(whole):
    text = Page(whole).text
    assert "Scores follow the preset synthrad2023 of medtrans" in text
    assert "Copyright (c) 2021, Niivue" in text


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return np.dot(linear, [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_enough_contrast(whole, scheme):
    block = re.findall(r":root \{(.*?)\}", whole.decode(), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    pairs = [(text, paper) for text in ("ink", "quiet") for paper in ("paper", "raised")]
    pairs += [(text, f"{state}-paper") for state in ("good", "bad", "open") for text in (state, "ink", "quiet")]
    pairs += [(text, "paper") for text in ("first", "second", "mark", "bad", "open")]
    for text, paper in pairs:
        dim, bright = sorted((luminance(colours[text]), luminance(colours[paper])))
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, (text, paper)


def test_headings_descend_without_a_gap(whole):
    levels = [int(tag[1]) for tag in Page(whole).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_is_written_whole(tmp_path):
    write_page(tmp_path / "run" / "report.html", report(cases=[]))
    assert (tmp_path / "run" / "report.html").read_bytes() == render(report(cases=[]))
