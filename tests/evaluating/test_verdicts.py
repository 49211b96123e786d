import math
from dataclasses import replace

import pytest

from medtrans.core.finding import Finding, Verdict
from medtrans.core.measurement import Structure
from medtrans.core.score import Evaluation, MetricId
from medtrans.evaluating import verdicts as room
from medtrans.evaluating.baseline_verdicts import beats_baselines, significance
from medtrans.evaluating.columns import columns
from medtrans.evaluating.image_scores import definition
from medtrans.evaluating.segmentation.task import UPPER_BOUND
from medtrans.evaluating.verdicts import headline, lowered, of_structures
from tests.evaluating.example_scores import MAE, changed, scores


def beats(found):
    return beats_baselines(found, columns(found)[0])


def significant(found, *more):
    return significance(found, [columns(found)[0], *more])[0]


def verdicts(found, failed=0, convergence=None, structures=(), **changes):
    lost = Finding(code="x", severity="refuse", where="lost", what="is gone")
    evaluation = Evaluation(definition("synthrad2023"), found, dict.fromkeys(map(str, range(failed)), lost), structures)
    return room.verdicts(replace(evaluation, **changes), convergence)


def test_the_translation_beats_baselines():
    verdict = beats(scores(baselines=("copied source", "mean")))
    assert verdict.outcome == "pass"
    assert verdict.reason == "40.5 against 140.5 HU for the best baseline, copied source; better in 2 of 2 cases"


def test_one_better_baseline_is_enough_to_lose():
    verdict = beats(changed(scores(("a",), ("copy", "mean")), "a", "mean", MAE, 1.0))
    assert verdict.outcome == "fail"
    assert "40.00 against 1.00 HU for the best baseline, mean; better in 0 of 1 case" in verdict.reason


def test_a_draw_is_no_win():
    assert beats(changed(scores(("a",)), "a", "copied source", MAE, 40.0)).outcome == "fail"


def test_only_cases_that_both_have_are_compared():
    found = changed(scores(("a", "b")), "a", "translated", MAE, math.nan)
    found = changed(found, "a", "copied source", MAE, 0.0)
    assert beats(found).outcome == "pass"


def test_of_texture_no_baseline_is_asked_to_be_beaten():
    """Seams are smoothest in the source, which no model has touched: that is no failure of the translation."""
    found = scores()
    found += [
        replace(score, metric=name, value=1.0)
        for name in (MetricId("seam", (("stride", "32"),)), MetricId("nmi"))
        for score in found
    ]
    questions = {verdict.question: verdict for verdict in verdicts(found, 0)}
    assert [verdict.outcome for verdict in questions.values()].count("fail") == 0
    [texture] = [verdict for question, verdict in questions.items() if "NMI" in question]
    assert texture.outcome == "not assessable"
    assert "seam" in texture.question.lower()
    alone = verdicts([score for score in found if score.metric.name == "nmi"], 0)
    assert [verdict.outcome for verdict in alone] == ["pass", "not assessable", "pass"]


def test_what_no_baseline_was_scored_by_asks_no_question():
    """A segmenter that looked at the translations alone."""
    found = scores()
    found += [
        replace(score, metric=MetricId("dice", region="mean"), direction="higher")
        for score in found
        if score.system == "translated"
    ]
    assert not any("Dice" in verdict.question for verdict in verdicts(found, 0))


@pytest.mark.parametrize(
    "found",
    [
        scores(baselines=()),
        [s for s in scores() if s.system != "translated"],
        changed(scores(("a",)), "a", "copied source", MAE, math.nan),
    ],
)
def test_what_cannot_be_compared_is_not_assessable(found):
    verdict = beats(found)
    assert verdict.outcome == "not assessable"
    assert verdict.reason


def structure(case, name, ml, real_ml):
    return Structure(case, case, "translated", name, ml, real_ml, 0.5 if ml and real_ml else 0.0, 3.0, 0.5)


def test_a_missed_and_an_invented_structure_are_named_with_their_cases():
    found = [structure("a", "liver", 9.0, 9.0), structure("b", "liver", 0.0, 9.0), structure("b", "spleen", 3.0, 0.0)]
    missed, invented = (of_structures(found, kind) for kind in ("missed", "invented"))
    assert (missed.outcome, missed.reason) == ("fail", "1 missed of 3 structures in 2 cases; liver in b")
    assert (invented.outcome, invented.reason) == ("fail", "1 invented of 3 structures in 2 cases; spleen in b")
    assert of_structures(found[:1], "missed").outcome == "pass"
    assert of_structures([structure("a", "liver", 0.0, 0.0)], "missed").outcome == "not assessable"


def test_many_cases_are_counted_and_not_all_named():
    found = [structure(f"c{number}", "liver", 0.0, 9.0) for number in range(9)]
    assert of_structures(found, "missed").reason.endswith("liver in c0, c1, c2, c3, c4 and 4 more")


def test_what_is_found_in_the_real_target_is_no_control():
    ceiling = replace(scores(("a",))[0], system=UPPER_BOUND, metric=MetricId("dice", region="mean"), value=0.9)
    own = replace(ceiling, system="translated", value=0.8)
    options = [verdict.question for verdict in verdicts([*scores(("a",)), own, ceiling], 0)]
    assert "Better than every baseline on MAE, in these cases?" in options
    words = {verdict.question: verdict.reason for verdict in verdicts([own, ceiling], 0)}
    assert words["Better than every baseline?"] == "no baseline was scored"


def test_below_six_subjects_nothing_is_said_of_others():
    verdict = significant(scores("abcde"))
    assert (verdict.outcome, verdict.reason) == (
        "not assessable",
        "n = 5 subjects; a family of 1 primary metric needs 6 for p < 0.05",
    )


def test_six_subjects_all_better_are_evidence():
    verdict = significant(scores("abcdef"))
    assert verdict.outcome == "pass"
    assert "n = 6: better than copied source, difference 100.00 (100.00 … 100.00) HU, p = 0.031" in verdict.reason


def test_better_than_every_baseline_is_one_claim_and_needs_no_correction_over_them():
    """An intersection-union test: the largest p of the baselines counts."""
    found = significant(scores("abcdef", ("copy", "mean", "lookup")))
    assert found.outcome == "pass"
    assert found.numbers["p"] == pytest.approx(2 / 2**6)


def test_several_primary_metrics_are_corrected_and_say_the_n_that_they_need():
    six = scores("abcdef")
    found = significant(six, columns(six)[1])
    assert (found.outcome, found.numbers["needed"]) == ("not assessable", 7)
    assert "a family of 2 primary metrics needs 7 for p < 0.05" in found.reason
    seven = scores("abcdefg")
    found = significant(seven, columns(seven)[1])
    assert found.outcome == "pass"
    assert found.numbers["p"] == pytest.approx(2 * 2 / 2**7)


def test_cases_of_one_subject_are_one():
    found = [replace(score, subject="same") for score in scores("abcdefgh")]
    assert "n = 1 subject;" in significant(found).reason


def test_a_baseline_that_is_surely_better_fails_it():
    found = [
        replace(s, value=s.value - 200) if s.system != "translated" and s.metric.name == "mae" else s
        for s in scores("abcdef")
    ]
    assert significant(found).outcome == "fail"
    assert "worse than copied source" in significant(found).reason


def test_better_on_the_mean_by_one_case_alone_holds_for_nobody():
    found = [replace(s, value=41 + n % 2) if s.metric.name == "mae" else s for n, s in enumerate(scores("abcdefgh"))]
    found = changed(found, "a", "copied source", MAE, 1000.0)
    assert significant(found).outcome == "not shown", "it was tested, and nothing was shown"


def test_the_verdict_on_convergence_is_passed_on():
    convergence = Verdict(code="convergence", question="Did the training converge?", outcome="fail", reason="No.")
    assert verdicts(scores(), 0, convergence)[-1] is convergence
    assert verdicts([], 0, convergence) == [convergence]


def test_every_metric_has_a_verdict_and_lost_cases_fail():
    convergence = Verdict(code="convergence", question="Converged?", outcome="pass", reason="It did.")
    found = verdicts(scores(), 1, convergence)
    assert [verdict.outcome for verdict in found] == ["pass", "pass", "pass", "not assessable", "fail", "pass"]
    assert "1 of 3" in found[4].reason
    assert verdicts([], 0) == []


def test_counts_of_structures_are_not_compared_with_baselines():
    found = scores()
    counts = [replace(s, metric=MetricId("missed_structures"), value=0.0) for s in found if s.metric == found[0].metric]
    assert not any("missed" in verdict.question.lower() for verdict in verdicts([*found, *counts], 0))


CONVERGED = Verdict(code="converged", question="Did the training converge?", outcome="pass", reason="it is flat")


def beaten(cases="ab"):
    """A baseline is better on the first metric by 200."""
    return [
        replace(s, value=s.value - 200) if s.system != "translated" and s.metric == MAE else s for s in scores(cases)
    ]


def test_a_model_below_a_baseline_is_never_passed():
    found = verdicts(beaten(), 0, CONVERGED)
    assert (found[-1].outcome, found[-1].code) == ("fail", "below-baseline")
    assert "it is flat; but it is no result: Better than every baseline on MAE" in found[-1].reason
    assert verdicts(scores("ab"), 0, CONVERGED)[-1] is CONVERGED


@pytest.mark.parametrize("outcome", ["fail", "not assessable"])
def test_a_verdict_that_is_no_pass_stays_what_it_is(outcome):
    convergence = replace(CONVERGED, outcome=outcome)
    assert lowered(convergence, verdicts(beaten())) is convergence


def black(case):
    return Finding(code="black-translation", severity="warn", where=case, what="the translation is black: reaches 16")


def test_images_that_are_none_are_the_first_verdict_and_lower_the_training():
    found = verdicts(scores("ab"), 0, CONVERGED, findings=[black("b")])
    assert (found[0].code, found[0].outcome) == ("degenerate-images", "fail")
    assert "1 of 2 cases; in b; b: the translation is black: reaches 16" in found[0].reason
    assert found[-1].outcome == "fail"


def test_what_fails_is_said_first():
    found = verdicts(beaten(), 1, CONVERGED, findings=[black("b")])
    first = headline(found)
    outcomes = [verdict.outcome for verdict in first]
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome != "fail")
    assert first[0].code == "degenerate-images"
    assert {verdict.code for verdict in first} >= {"better-than-baselines", "below-baseline", "all-assessed"}
    assert [verdict.code for verdict in headline(verdicts(scores("ab"), 0, CONVERGED))] == [
        "better-than-baselines",
        "converged",
    ]


def test_the_named_metrics_are_tested_and_come_first():
    found = verdicts(scores("abcdefg"), primary=("psnr",))
    assert next(one.question for one in found if one.code == "better-than-baselines").startswith(
        "Better than every baseline on PSNR"
    )
    assert [one.question for one in found if one.code == "significant"] == [
        "Is the improvement in PSNR statistically significant across subjects?"
    ]
