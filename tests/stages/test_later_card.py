from dataclasses import replace

from medtrans.core.finding import Finding, Verdict
from medtrans.core.score import Evaluation
from medtrans.stages._later_card import evaluation_facts, training_facts
from medtrans.training.journal import Journal
from medtrans.training.settings import TrainingSettings
from tests.reporting.report_volumes import DEFINITION, scores


def failing(code, reason, **numbers):
    return Verdict(code=code, question=f"Is {code} well?", outcome="fail", reason=reason, numbers=numbers)


def text(evaluation, verdicts=(), findings=()):
    return str(evaluation_facts(evaluation, verdicts, findings))


def test_failures_are_told_with_figures_and_without_the_names_of_cases():
    found = [replace(score, case=f"Miller-{score.case}", subject=f"Miller-{score.subject}") for score in scores()]
    refused = {"Miller-9": Finding(code="x", severity="refuse", where="Miller-9", what="is empty")}
    noticed = Finding(code="body-doubtful", severity="warn", where="Miller-1", what="Miller-1 lacks", consequence="air")
    verdicts = [
        failing("degenerate-images", "1 of 2 cases; in Miller-1", degenerate=1, cases=2),
        failing("structures-missed", "bone in Miller-1", count=3, structures=4),
        failing("better-than-baselines", "71 against 60 HU for the best baseline, training mean"),
    ]
    written = text(Evaluation(DEFINITION, found, refused), verdicts, [noticed])
    assert "Miller" not in written
    for words in (
        "worst test case: MAE",
        "Is degenerate-images well? No: 1 of 2 cases",
        "No: 3 of 4 structures",
        "No: 71 against 60 HU for the best baseline",
        "1 test case could not be translated or scored",
        "body doubtful, in 1 case: air",
    ):
        assert words in written, words


def test_what_was_not_evaluated_has_no_facts():
    assert evaluation_facts(Evaluation(DEFINITION), [], []) == {}


def test_where_nothing_failed_the_card_says_that_this_proves_little():
    (own, *_) = scores()
    assert "does not mean that there are none" in text(Evaluation(DEFINITION, [own]))


def test_the_length_of_a_training_and_the_step_that_was_saved(tmp_path):
    journal = Journal(tmp_path / "journal.csv")
    for step, mae in ((1, 9.0), (2, 5.0), (3, 7.0)):
        journal.add(step, seconds=60.0 * step, **{"generator/l1": 1.0, "validation/mae": mae})
    facts = training_facts(journal, TrainingSettings())
    assert facts == {"steps": 3, "time": "3.0 min (wall clock)", "saved": "after step 2, the best in validation"}
    rows = [{key: value for key, value in row.items() if "validation" not in key} for row in journal.rows]
    journal.rows = rows
    assert training_facts(journal, TrainingSettings())["saved"] == "after the last step"
