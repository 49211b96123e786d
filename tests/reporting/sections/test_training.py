from medtrans.reporting.page import render
from medtrans.reporting.sections.training import training_section
from tests.reporting.html_page import Page
from tests.reporting.report_volumes import journal, report


def test_the_best_checkpoint_is_named():
    assert "Best checkpoint: validation MAE 50 HU at step 60." in Page(render(report())).text


def test_a_journal_without_terms_has_no_section():
    assert training_section([]) is None
    assert training_section([{"step": 1, "seconds": 2.0}]) is None


def test_metrics_that_were_not_scored_are_named_as_in_the_journal():
    section = training_section(journal(), "mae")
    assert [one.label for one in section.data.curves] == ["l1", "gan", "mae", "learning rate"]
    assert section.data.best.label == "mae"
