from dataclasses import replace

from medtrans.core.finding import Finding
from medtrans.reporting.page import render
from tests.reporting.html_page import Page
from tests.reporting.report_volumes import CONVERGED, report


def finding(where, severity="warn"):
    return Finding(code="x", severity=severity, where=where, what="is empty")


def test_failures_and_warnings_are_counted():
    findings = [finding("a"), finding("b"), finding("c", "note")]
    page = Page(render(report(failed={"sub-07": finding("sub-07", "refuse")}, findings=findings, cases=[])))
    assert "Cases that could not be scored 1 2 warnings, listed below" in page.text
    assert "Cases that could not be scored None No warnings" in Page(render(report(cases=[]))).text


def test_a_training_that_did_not_converge_is_not_praised():
    failed = replace(CONVERGED, outcome="fail", reason="it still improved by 9%.")
    good, bad = (render(report(cases=[], run={"convergence": one})).decode() for one in (CONVERGED, failed))
    assert good.count('class="card good"') == bad.count('class="card good"') + 1
    assert bad.count('class="card bad"') == 1
    assert "it still improved by 9%." in bad
