"""What the pipeline follow_up promises of its tables, on the sample data."""

from medtrans.catalogue import find_recipe
from medtrans.evaluating.verdicts import verdicts
from medtrans.recipe import load_recipe
from medtrans.stages.evaluate import evaluate
from medtrans.stages.run import run

RECIPE = load_recipe(find_recipe("follow_up"), quick=True)


def test_visit_1_again_does_not_pass_for_a_prediction():
    case = next(case for case in RECIPE.cases() if case.subject == "sub-01")
    (source,), (target,) = case.sources, case.targets
    again = {"source": source, "change": case.change, "metrics": RECIPE.evaluating.metrics}
    found = evaluate(source, target, case.mask, "mr-percentile", **again)
    values = {score.metric.label: score.value for score in found.scores if score.system == "copied source"}
    assert values["change_error"] > values["change_error[where=outside]"] > 0
    against = {one.question: one.outcome for one in verdicts(found) if one.code == "better-than-baselines"}
    assert against["Better than every baseline on Change error, in these cases?"] == "fail"


def test_a_second_visit_is_brought_to_the_look_of_the_first(tmp_path):
    changes = [
        "reading.follow_up.direction=harmonise",
        "preparing.conditions=[]",
        "evaluating.metrics=[{name: change_error, where: outside}, false_change]",
    ]
    result = run(load_recipe(find_recipe("follow_up"), changes, quick=True), tmp_path)
    (translation,) = (tmp_path / "translations").glob("*.nii.gz")
    assert translation.name.endswith("_ses-2_to_ses-1.nii.gz")
    assert {"change_error[where=outside]", "false_change"} <= result.scores["copied source"].keys()
