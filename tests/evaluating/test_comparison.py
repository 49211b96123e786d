from dataclasses import replace

import pytest

from medtrans.core.errors import UsageError
from medtrans.core.score import Clause, Evaluation, MetricId
from medtrans.evaluating.baselines import COPIED_SOURCE
from medtrans.evaluating.comparison import compare_evaluations, refuse_difference
from medtrans.evaluating.image_scores import definition
from tests.evaluating.example_scores import MAE, scores

CASES = tuple("abcdefgh")
NAMES = ("one", "other")


def evaluation(gain=0.0, **changes):
    found = [
        replace(s, value=s.value - gain) if (s.system, s.metric) == ("translated", MAE) else s for s in scores(CASES)
    ]
    hashes = {case: {"target": "1", "mask": "2"} for case in CASES}
    return replace(Evaluation(definition("synthrad2023"), found, input_hashes=hashes), **changes)


def test_systems_are_ranked_by_each_metric_and_the_best_run_is_the_reference():
    found = compare_evaluations({"one": evaluation(), "other": evaluation(5.0)}, {"mae": 1.0})
    mae, psnr = found.tables
    assert [line.system for line in mae.lines] == ["other", "one", f"baseline: {COPIED_SOURCE}"]
    assert (mae.metric, mae.direction, mae.margin, psnr.margin) == (MAE, "lower", 1.0, None)
    assert mae.lines[1].difference == pytest.approx(5.0)
    assert mae.lines[1].equivalence_p > 0.9
    # Wilcoxon's smallest p of 8 subjects is 2 / 2^8; there is one test.
    assert mae.lines[1].p == pytest.approx(2 / 2**8)
    assert found.subjects == 8
    assert "Student's t intervals" in found.note


def three(**changes):
    return {"one": evaluation(**changes), "two": evaluation(5.0, **changes), "three": evaluation(9.0, **changes)}


def test_the_family_is_runs_by_primary_metrics_and_baselines_are_outside():
    found = compare_evaluations(three(), {})
    assert (found.primary, found.tests) == (("mae",), 2)
    best, *others, copied = found.tables[0].lines
    assert best.reference
    assert [line.p for line in others] == [pytest.approx(2 * 2 / 2**8)] * 2, "Holm over two tests"
    assert copied.p == pytest.approx(2 / 2**8), "not corrected"
    assert found.to_dict()["family"] == {"primary": ["mae"], "tests": 2, "subjects_needed": 7}
    assert "2 tests against the best run" in found.note
    assert "needs n = 7 subjects or more for p < 0.05, here n = 8" in found.note


def test_a_baseline_that_is_best_is_no_reference():
    copied = [replace(s, value=1.0) if (s.system, s.metric) == (COPIED_SOURCE, MAE) else s for s in scores(CASES)]
    found = compare_evaluations({"one": evaluation(scores=copied), "other": evaluation(5.0)}, {})
    assert [line.system for line in found.tables[0].lines] == [f"baseline: {COPIED_SOURCE}", "other", "one"]
    assert [line.reference for line in found.tables[0].lines] == [False, True, False]
    assert "(0.008)" in found.to_text(), "p of the baseline, in brackets: it is not corrected"


def test_the_primary_metrics_are_those_that_are_named():
    assert compare_evaluations(three(), {}, ["psnr", "mae"]).tests == 4
    assert compare_evaluations(three(primary=("psnr",)), {}).primary == ("psnr",)
    with pytest.raises(UsageError, match="did you mean 'mae'"):
        compare_evaluations(three(), {}, ["mea"])
    runs = {"one": evaluation(primary=("mae",)), "other": evaluation(primary=("psnr",))}
    with pytest.raises(UsageError, match=r"other: has the primary metrics \['psnr'\], one has \['mae'\]"):
        compare_evaluations(runs, {})
    assert compare_evaluations(runs, {}, ["mae"]).primary == ("mae",)


def test_its_text_csv_and_json_name_every_system():
    found = compare_evaluations({"one": evaluation(), "other": evaluation(5.0)}, {"mae": 1.0})
    for text in (found.to_text(), found.to_csv().decode()):
        assert all(name in text for name in (*NAMES, f"baseline: {COPIED_SOURCE}", "mae", "psnr"))
    assert "p within ±1" in found.to_text()
    document = found.to_dict()["rankings"]["mae"]
    assert document["metric"] == MAE.to_dict()
    assert document["systems"][0]["system"] == "other"


def test_only_metrics_that_all_have_are_compared_and_no_single_class():
    dice = [replace(s, metric=MetricId("dice", region="liver")) for s in scores(CASES) if s.metric == MAE]
    more = evaluation()
    more = replace(more, scores=[*more.scores, *dice, *(replace(s, metric=MetricId("ncc")) for s in dice)])
    assert len(compare_evaluations({"one": more, "other": more}, {}).tables) == 3
    assert len(compare_evaluations({"one": more, "other": evaluation()}, {}).tables) == 2


def test_what_differs_is_named():
    refuse_difference(evaluation(), evaluation(3.0), NAMES)
    meaning = evaluation().definition
    for other, words in (
        (replace(meaning, region="body"), "other: region is 'body', in one it is 'none: whole volume'"),
        (replace(meaning, clauses=meaning.clauses[1:]), "only one was scored with 'MAE: mean"),
        (replace(meaning, clauses=(*meaning.clauses, Clause("Blur", "on"))), "only other was scored with 'Blur: on'"),
    ):
        with pytest.raises(UsageError, match=words):
            refuse_difference(evaluation(), evaluation(definition=other), NAMES)
    with pytest.raises(UsageError, match="were not scored on the same cases: h"):
        refuse_difference(evaluation(), evaluation(scores=scores(CASES[:-1])), NAMES)
    with pytest.raises(UsageError, match="a was scored on another mask than in one"):
        refuse_difference(evaluation(), evaluation(input_hashes={"a": {"mask": "3", "target": "1"}}), NAMES)
    for pair, where in ((NAMES, "other"), (NAMES[::-1], "other")):
        ours, theirs = evaluation(), evaluation(input_hashes={"a": {"mask": "2"}})
        both = (ours, theirs) if pair == NAMES else (theirs, ours)
        with pytest.raises(UsageError, match=f"{where}: has no hash of the target that a was scored on"):
            refuse_difference(*both, pair)


def test_a_baseline_or_an_uncertainty_that_one_alone_has_makes_no_difference():
    meaning = evaluation().definition
    for subject in (COPIED_SOURCE, "calibration"):
        other = evaluation(definition=replace(meaning, clauses=(*meaning.clauses, Clause(subject, "as always"))))
        refuse_difference(evaluation(), other, NAMES)
        refuse_difference(other, evaluation(), NAMES)
