"""The page of a lesion audit: its verdicts and rows, and the viewer that moves to a lesion."""

import pytest

from medtrans.core.finding import Finding, Verdict
from medtrans.core.lesion import CaseAudit, Lesion, LesionAudit
from medtrans.reporting.lesion_report import lesion_report
from medtrans.reporting.page import render, write_page
from tests.reporting.browser import CHROMIUM, Browser
from tests.reporting.report_volumes import example_case, segmented
from tests.reporting.test_browser import OPEN, SECONDS, STATUS, place

CENTRE = (12.0, 24.0, 16.0)
"""A voxel of the example."""


def lesion(case, status, **facts):
    return Lesion(
        case=case, subject=case, number=1, status=status, centre_mm=CENTRE, volume_mm3=500.0, diameter_mm=11.0,
        sphere_mm=9.8, **facts,
    )  # fmt: skip


def case_audit(name, outcome, *lesions):
    verdict = Verdict(code="lesions", question="Are they those of the real image?", outcome=outcome, reason="because")
    return CaseAudit(case=name, subject=name, lesions=lesions, readings={}, lesion_dice=0.5, verdict=verdict)


AUDIT = LesionAudit(
    detector="label maps of x",
    reference="the given lesion masks",
    cases=(
        case_audit("sub-01", "pass", lesion("sub-01", "found", iou=0.8, in_target=True)),
        case_audit("sub-02", "fail", lesion("sub-02", "missed", in_target=True, in_source=False)),
        case_audit("sub-03", "not assessable", lesion("sub-03", "found")),
    ),
    failed={"sub-04": Finding(code="other-grid", severity="refuse", where="sub-04", what="lies on another grid")},
    sizes=({"size": "5-10 mm", "lesions": 3, "contrast_recovery_median": float("nan")},),
    froc={"translated": [(0.0, 1.0, 0.9), (20.0, 0.0, 0.5)], "target": [(0.0, 0.5, 1.0)]},
    verdicts=(Verdict(code="removed", question="Is it kept?", outcome="fail", reason="1 of 3"),),
    definition={"Lesion": "a component"},
)


def report(images=()):
    return lesion_report("Lesions", AUDIT, ["Sensitivity: 2 of 3"], images, date="2026-01-02")


def test_what_is_wrong_comes_first_and_every_case_has_its_verdict():
    page = render(report()).decode()
    rows = page[page.index("Each lesion") :]
    assert rows.index("missed</b>") < rows.index("found</b>")
    assert page.count("not assessable</b>") == 2
    assert "lies on another grid" in page
    assert "Sensitivity: 2 of 3" in page
    assert "nan" not in page[page.index('id="lesions"') : page.index("Each case")]


def test_only_lesions_with_images_can_be_shown():
    assert render(report()).decode().count("data-place=") == 0
    page = render(report([example_case("sub-02"), example_case("sub-01")])).decode()
    assert page.count('data-place="12.00,24.00,16.00"') == 2
    assert 'data-case="1" data-place="12.00,24.00,16.00" aria-label="Show the lesion at 12, 24, 16 mm of sub-02' in page


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium, or put google-chrome on the PATH")
def test_a_row_moves_the_viewer_to_its_lesion(tmp_path):
    cases = [segmented(example_case(name, (40, 48, 32), (3.0, 3.0, 4.0))) for name in ("sub-02", "sub-01")]
    write_page(tmp_path / "audit.html", report(cases))
    with Browser(tmp_path / "profile") as browser:
        browser.open(tmp_path / "audit.html")
        for number in (2, 1):
            browser.click(f".show-place[data-case='{number}']")
            opened = OPEN.replace(".open-viewer", f'.open-viewer[data-case="{number}"]')
            browser.until(f"{opened} || {STATUS}.includes('cannot')", SECONDS)
            browser.until("document.querySelector('.place')?.textContent.includes('12.0 R')", SECONDS)
            assert place(browser) == pytest.approx(CENTRE, abs=0.1)
        assert browser.js(
            "[...document.querySelectorAll('.viewer tbody input[type=checkbox]')].map((box) => box.checked)"
        )[:2] == [True, True], "the label maps are on"
        assert browser.complaints == []
