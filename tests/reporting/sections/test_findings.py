from medtrans.core.finding import Finding
from medtrans.reporting.page import render
from medtrans.reporting.sections.findings import findings_section
from tests.reporting.html_page import Page
from tests.reporting.report_volumes import report


def finding(where, severity="warn", what="is empty"):
    return Finding(code="x", severity=severity, where=where, what=what)


def test_failures_are_listed_without_folders():
    failed = {"sub-07": finding("/home/ada/sub-07.nii", "refuse")}
    page = Page(render(report(failed=failed, findings=[finding("a")], cases=[])))
    assert "Not scored …/sub-07.nii: is empty" in page.text
    assert "Warning a: is empty" in page.text


def test_failures_come_first_then_warnings_then_notes_and_equal_ones_once():
    findings = [finding("c", "note"), finding("b"), finding("b"), finding("a", "refuse")]
    section = findings_section({"d": finding("d", "refuse")}, findings)
    assert [(one.label, one.text) for one in section.data] == [
        ("Not scored", "d: is empty"),
        ("Refused", "a: is empty"),
        ("Warning", "b: is empty"),
        ("Note", "c: is empty"),
    ]


def test_without_findings_there_is_no_section():
    assert findings_section({}, []) is None


def test_many_findings_scroll_within_their_box():
    few, many = (
        render(report(failed={f"sub-{n}": finding(f"sub-{n}", "refuse") for n in range(count)}, cases=[]))
        for count in (3, 50)
    )
    assert b'class="messages long"' in many
    assert b'class="messages"' in few
