import math
from dataclasses import replace

import pytest

from medtrans.evaluating.segmentation.structures import Structure
from medtrans.evaluating.segmentation.task import CEILING
from medtrans.evaluating.verdicts import beats_controls, converged, holds_beyond, told, verdicts
from medtrans.reporting.tables import columns
from tests.reporting.report_volumes import scores
from tests.reporting.test_tables import changed


def beats(found):
    return beats_controls(found, columns(found)[0])


def clipped_fraction(found):
    return holds_beyond(found, columns(found)[0])


def test_the_translation_beats_controls():
    verdict = beats(scores(controls=("copy of the source", "mean")))
    assert verdict.word == "pass"
    assert verdict.because == "40.5 against 140.5 HU for the best control, copy of the source; better in 2 of 2 cases"


def test_one_better_control_is_enough_to_lose():
    verdict = beats(changed(scores(("a",), ("copy", "mean")), "a", "mean", "mae", 1.0))
    assert verdict.word == "fail"
    assert "40.00 against 1.00 HU for the best control, mean; better in 0 of 1 case" in verdict.because


def test_a_draw_is_no_win():
    assert beats(changed(scores(("a",)), "a", "copy of the source", "mae", 40.0)).word == "fail"


def test_only_cases_that_both_have_are_compared():
    found = changed(scores(("a", "b")), "a", "translated", "mae", math.nan)
    found = changed(found, "a", "copy of the source", "mae", 0.0)
    assert beats(found).word == "pass"


def test_of_texture_no_control_is_asked_to_be_beaten():
    """Seams are smoothest in the source, which no model has touched: that is no failure of the translation."""
    found = scores()
    found += [replace(score, metric=name, value=1.0) for name in ("seam[stride=32]", "nmi") for score in found]
    questions = {verdict.question: verdict for verdict in verdicts(found, 0, "")}
    assert [verdict.word for verdict in questions.values()].count("fail") == 0
    [texture] = [verdict for question, verdict in questions.items() if "NMI" in question]
    assert texture.word == "not assessable"
    assert "seam" in texture.question.lower()
    alone = verdicts([score for score in found if score.metric == "nmi"], 0, "")
    assert [verdict.word for verdict in alone] == ["not assessable", "pass"]


def test_what_no_control_was_scored_by_asks_no_question():
    """A segmenter that looked at the translations alone."""
    found = scores()
    found += [
        replace(score, metric="dice[mean]", direction="higher") for score in found if score.system == "translated"
    ]
    assert not any("Dice" in verdict.question for verdict in verdicts(found, 0, ""))


@pytest.mark.parametrize(
    "found",
    [
        scores(controls=()),
        [s for s in scores() if s.system != "translated"],
        changed(scores(("a",)), "a", "copy of the source", "mae", math.nan),
    ],
)
def test_what_cannot_be_compared_is_not_assessable(found):
    verdict = beats(found)
    assert verdict.word == "not assessable"
    assert verdict.because


def structure(case, name, ml, real_ml):
    return Structure(case, case, "translated", name, ml, real_ml, 0.5, 3.0, 0.5)


def test_a_missed_and_an_invented_structure_are_named_with_their_cases():
    found = [structure("a", "liver", 9.0, 9.0), structure("b", "liver", 0.0, 9.0), structure("b", "spleen", 3.0, 0.0)]
    missed, invented = (told(found, kind) for kind in ("missed", "invented"))
    assert (missed.word, missed.because) == ("fail", "1 missed of 3 structures in 2 cases; liver in b")
    assert (invented.word, invented.because) == ("fail", "1 invented of 3 structures in 2 cases; spleen in b")
    assert told(found[:1], "missed").word == "pass"
    assert told([structure("a", "liver", 0.0, 0.0)], "missed").word == "not assessable"


def test_many_cases_are_counted_and_not_all_named():
    found = [structure(f"c{number}", "liver", 0.0, 9.0) for number in range(9)]
    assert told(found, "missed").because.endswith("liver in c0, c1, c2, c3, c4 and 4 more")


def test_what_is_found_in_the_real_target_is_no_control():
    ceiling = replace(scores(("a",))[0], system=CEILING, metric="dice[mean]", value=0.9)
    own = replace(ceiling, system="translated", value=0.8)
    asked = [verdict.question for verdict in verdicts([*scores(("a",)), own, ceiling], 0, "")]
    assert "Better than every control on MAE, in these cases?" in asked
    words = {verdict.question: verdict.because for verdict in verdicts([own, ceiling], 0, "")}
    assert words["Better than every control?"] == "no control was scored"


def test_below_six_subjects_nothing_is_said_of_others():
    verdict = clipped_fraction(scores("abcde"))
    assert (verdict.word, verdict.because) == (
        "not assessable",
        "n = 5 subjects; below 6 no paired test can reach p < 0.05",
    )


def test_six_subjects_all_better_are_evidence():
    verdict = clipped_fraction(scores("abcdef"))
    assert verdict.word == "pass"
    assert "n = 6: better than copy of the source, difference 100.00 (100.00 … 100.00) HU, p = 0.031" in verdict.because


def test_two_controls_need_a_smaller_p_by_holm():
    assert clipped_fraction(scores("abcdef", ("copy", "mean"))).word == "not assessable"
    assert clipped_fraction(scores("abcdefg", ("copy", "mean"))).word == "pass"


def test_cases_of_one_subject_are_one():
    found = [replace(score, subject="same") for score in scores("abcdefgh")]
    assert "n = 1 subject;" in clipped_fraction(found).because


def test_a_control_that_is_surely_better_fails_it():
    found = [
        replace(s, value=s.value - 200) if s.system != "translated" and s.metric == "mae" else s
        for s in scores("abcdef")
    ]
    assert clipped_fraction(found).word == "fail"
    assert "worse than copy of the source" in clipped_fraction(found).because


def test_better_on_the_mean_by_one_case_alone_holds_for_nobody():
    found = [replace(s, value=41 + n % 2) if s.metric == "mae" else s for n, s in enumerate(scores("abcdefgh"))]
    found = changed(found, "a", "copy of the source", "mae", 1000.0)
    assert clipped_fraction(found).word == "not assessable"


@pytest.mark.parametrize(
    ("sentence", "word", "because"),
    [
        ("Converged: mae changed by +0.1%.", "pass", "mae changed by +0.1%."),
        ("Did not converge: mae still improved.", "fail", "mae still improved."),
        ("Past its best: mae was 5% worse.", "fail", "mae was 5% worse."),
        ("Convergence is not assessable: mae was measured 1 times.", "not assessable", "mae was measured 1 times."),
    ],
)
def test_training_is_judged_by_its_own_sentence(sentence, word, because):
    verdict = converged(sentence)
    assert (verdict.word, verdict.because) == (word, because)


def test_every_metric_has_a_verdict_and_lost_cases_fail():
    found = verdicts(scores(), 1, "Converged: it did.")
    assert [verdict.word for verdict in found] == ["pass", "pass", "not assessable", "fail", "pass"]
    assert "1 of 3" in found[3].because
    assert verdicts([], 0, "") == []
