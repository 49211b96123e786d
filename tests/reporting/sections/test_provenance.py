import platform

from medtrans.reporting.page import render
from medtrans.reporting.provenance import provenance, version
from medtrans.reporting.sections.provenance import provenance_section
from tests.reporting.html_page import Page
from tests.reporting.report_volumes import report


def test_versions_hashes_and_recipe_are_on_the_page_without_folders_or_host():
    facts = provenance() | {"model sha256": "7485fd58", "data": "/home/somebody/cases"}
    run = {"recipe": "root: /data/somebody/cases\nseed: 7\n"}
    text = Page(render(report(provenance=facts, run=run, cases=[]))).text
    for words in ("torch", "model sha256 7485fd58", "root: …/cases seed: 7", f"medtrans {version('medtrans')}"):
        assert words in text
    assert "somebody" not in text
    assert platform.node() not in text


def test_values_of_no_group_are_those_of_this_run():
    section = provenance_section({"software": {"python": "3.11"}, "seed": 7, "empty": {}})
    assert section.data == {"this run": {"seed": "7"}, "software": {"python": "3.11"}}
    assert provenance_section({}) is None
