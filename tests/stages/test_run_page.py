from dataclasses import replace

import pytest

from medtrans.catalogue import find_recipe
from medtrans.core.finding import Verdict
from medtrans.evaluating.baselines import COPIED_SOURCE
from medtrans.evaluating.run_cases import evaluate_run, not_translated
from medtrans.reading.cohort import load_pair
from medtrans.reading.names import uncertainty_path
from medtrans.reading.volumes import write_volume
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._run_page import displayed_cases, write_run_page
from medtrans.stages.train import TrainedModel
from medtrans.training.journal import Journal


def loaded(*changes):
    return load_recipe(find_recipe("t1_to_t2"), changes, quick=True)


def fitted(recipe, cases):
    return recipe.preparation().fit(load_pair(case) for case in cases if case.split == "train")


@pytest.fixture(scope="module")
def evaluated():
    """Five test cases whose sources serve as translations; one has no target, one was not translated."""
    recipe = loaded("reading.test_subjects=[sub-01, sub-02, sub-03, sub-04, sub-05]")
    cases = [replace(case, targets=()) if case.subject == "sub-04" else case for case in recipe.cases()]
    preparation = fitted(recipe, cases)
    translations = {case.name: case.sources[0] for case in cases if case.subject not in ("sub-00", "sub-05")}
    failed = {"sub-05": not_translated("sub-05", "is broken; copy it again")}
    evaluation = evaluate_run(cases, translations, failed, preparation, recipe.evaluating)
    images, findings = displayed_cases(recipe, evaluation, cases, translations, preparation, None)
    return recipe, cases, evaluation, images, findings


def test_the_worst_the_median_and_the_best_case_have_images(evaluated):
    recipe, _, evaluation, images, _ = evaluated
    own = {s.case: s.value for s in evaluation.scores if (s.system, s.metric.label) == ("translated", "mae")}
    assert len(own) == recipe.evaluating.report_cases == 3
    assert [one.case for one in images] == sorted(own, key=lambda case: own[case], reverse=True)


def test_the_page_lists_what_was_left_out_and_where_the_numbers_come_from(evaluated, tmp_path):
    recipe, cases, evaluation, images, findings = evaluated
    run, journal = RunFolder(tmp_path), Journal(tmp_path / "journal.csv")
    for step in (1, 2):
        journal.add(step, **{"generator/l1": 1.0 / step})
    verdict = Verdict(code="convergence", question="Did it?", outcome="pass", reason="it did")
    trained = TrainedModel(run.model, verdict, journal, is_main_process=True)
    shown = {"cases": cases, "images": images, "findings": findings}
    write_run_page(run, recipe, trained, evaluation, {"seed": 7}, **shown)
    page = run.report.read_text()
    for words in (
        "sub-05: is broken; copy it again",
        "sub-04: was translated but not scored; there is no target",
        "1 train, 0 validation, 5 test",
        "recipe sha256",
        "copied source",
        "quarter",
        "l1 <span",
    ):
        assert words in page, words


def test_a_case_without_its_mask_is_not_scored():
    recipe = loaded("reading.test_subjects=[sub-01, sub-02]")
    cases = [replace(case, mask=None) if case.subject == "sub-01" else case for case in recipe.cases()]
    preparation = fitted(recipe, cases)
    translations = {case.name: case.sources[0] for case in cases if case.split == "test"}
    evaluation = evaluate_run(cases, translations, {}, preparation, recipe.evaluating)
    assert {score.case for score in evaluation.scores} == {"sub-02"}
    assert evaluation.failed["sub-01"].sentence.startswith("sub-01: has no mask file, and evaluating.region is mask; ")
    images, _ = displayed_cases(recipe, evaluation, cases, translations, preparation, None)
    assert [one.case for one in images] == ["sub-02"]


@pytest.mark.parametrize(("samples", "scored"), [(3, True), (1, False)])
def test_an_uncertainty_map_is_scored_where_samples_were_drawn(samples, scored, tmp_path):
    recipe = loaded("reading.test_subjects=[sub-01, sub-02]", f"translating.samples={samples}")
    cases = recipe.cases()
    translations = {case.name: tmp_path / f"{case.name}.nii.gz" for case in cases if case.split == "test"}
    for case in cases:
        if case.name in translations:
            source = load_pair(case).source
            write_volume(source, translations[case.name])
            write_volume(source.like(0 * source.voxels + 50), uncertainty_path(translations[case.name]))
    has_uncertainty = recipe.translating.samples > 1
    preparation = fitted(recipe, cases)
    evaluation = evaluate_run(cases, translations, {}, preparation, recipe.evaluating, has_uncertainty=has_uncertainty)
    found = {(score.case, score.system) for score in evaluation.scores if score.metric.name == "calibration"}
    assert found == ({(name, "translated") for name in translations} if scored else set())
    subjects = [clause.subject.lower() for clause in evaluation.definition.clauses]
    assert any("coverage" in subject for subject in subjects) == scored


def test_a_source_of_another_modality_is_displayed_and_is_no_baseline():
    recipe = load_recipe(find_recipe("mri_to_ct"), ["reading.test_subjects=[sub-01]"], quick=True)
    cases = recipe.cases()
    preparation = fitted(recipe, cases)
    translations = {case.name: case.targets[0] for case in cases if case.split == "test"}
    evaluation = evaluate_run(cases, translations, {}, preparation, recipe.evaluating)
    images, findings = displayed_cases(recipe, evaluation, cases, translations, preparation, None)
    assert [one.case for one in images if one.source is not None] == ["sub-01"]
    assert findings == []
    assert not any(score.system == COPIED_SOURCE for score in evaluation.scores)
