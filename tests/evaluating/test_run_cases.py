"""Scoring of the test cases of a run. Sources stand for translations."""

from dataclasses import replace

import numpy as np
import pytest

from medtrans.catalogue import find_recipe
from medtrans.core.errors import InputRefused
from medtrans.evaluating.baselines import COPIED_SOURCE
from medtrans.evaluating.run_cases import evaluate_run, not_translated, scoring_pair
from medtrans.evaluating.training_baselines import INTENSITY_LOOKUP, TRAINING_MEAN, TRAINING_MEAN_IMAGE
from medtrans.reading.cohort import load_pair
from medtrans.reading.names import uncertainty_path
from medtrans.reading.volumes import write_volume
from medtrans.recipe import load_recipe


def run_of(*subjects):
    """The quick recipe with these test subjects, its cases and its fitted preparation."""
    held = f"reading.test_subjects=[{', '.join(subjects)}]"
    recipe = load_recipe(find_recipe("t1_to_t2"), [held], quick=True)
    cases = recipe.cases()
    return recipe, cases, recipe.preparation().fit(load_pair(case) for case in cases if case.split == "train")


def sources(cases):
    return {case.name: case.sources[0] for case in cases if case.split == "test"}


@pytest.fixture(scope="module")
def evaluation():
    """Five test cases: one has no target, one was not translated."""
    recipe, cases, preparation = run_of("sub-01", "sub-02", "sub-03", "sub-04", "sub-05")
    cases = [replace(case, targets=()) if case.subject == "sub-04" else case for case in cases]
    translations = {name: path for name, path in sources(cases).items() if name != "sub-05"}
    failed = {"sub-05": not_translated("sub-05", "is broken; copy it again")}
    return evaluate_run(cases, translations, failed, preparation, recipe.evaluating)


def test_every_case_with_target_and_translation_is_scored_with_its_baselines(evaluation):
    systems = {"translated", COPIED_SOURCE, INTENSITY_LOOKUP, TRAINING_MEAN, TRAINING_MEAN_IMAGE}
    for case in ("sub-01", "sub-02", "sub-03"):
        assert {score.system for score in evaluation.scores if score.case == case} == systems
    assert {score.case for score in evaluation.scores} == {"sub-01", "sub-02", "sub-03"}
    assert all(np.isfinite(score.value) for score in evaluation.scores if score.system != COPIED_SOURCE)


def test_what_was_not_translated_failed_and_what_has_no_target_is_a_finding(evaluation):
    assert {case: finding.code for case, finding in evaluation.failed.items()} == {"sub-05": "missing-translation"}
    (lone,) = [finding for finding in evaluation.findings if finding.code == "missing-target"]
    assert (lone.where, lone.severity) == ("sub-04", "note")
    assert lone.sentence == "sub-04: was translated but not scored; there is no target"


def test_the_definition_names_the_scale_of_the_targets_and_the_copied_source(evaluation):
    assert {"Target normalisation", COPIED_SOURCE, INTENSITY_LOOKUP} <= {
        clause.subject for clause in evaluation.definition.clauses
    }


def test_a_case_without_the_mask_it_should_be_scored_in_fails():
    recipe, cases, preparation = run_of("sub-01", "sub-02")
    cases = [replace(case, mask=None) if case.subject == "sub-01" else case for case in cases]
    found = evaluate_run(cases, sources(cases), {}, preparation, recipe.evaluating)
    assert {score.case for score in found.scores} == {"sub-02"}
    assert found.failed["sub-01"].sentence.startswith("sub-01: has no mask file, and evaluating.region is mask; ")
    lone = next(case for case in cases if case.subject == "sub-01")
    with pytest.raises(InputRefused, match="has no mask file"):
        scoring_pair(lone, "mask", preparation)


@pytest.mark.parametrize("has_uncertainty", [True, False])
def test_the_uncertainty_beside_a_translation_is_scored_where_samples_were_drawn(has_uncertainty, tmp_path):
    recipe, cases, preparation = run_of("sub-01", "sub-02")
    translations = {name: tmp_path / f"{name}.nii.gz" for name in sources(cases)}
    for case in cases:
        if case.name in translations:
            source = load_pair(case).source
            write_volume(source, translations[case.name])
            write_volume(source.like(0 * source.voxels + 50), uncertainty_path(translations[case.name]))
    found = evaluate_run(cases, translations, {}, preparation, recipe.evaluating, has_uncertainty=has_uncertainty)
    scored = {(score.case, score.system) for score in found.scores if score.metric.name == "calibration"}
    assert scored == ({(name, "translated") for name in translations} if has_uncertainty else set())
    subjects = {clause.subject for clause in found.definition.clauses}
    assert ("coverage_error" in subjects) == has_uncertainty


def test_a_pair_for_validation_is_what_is_scored():
    _, cases, preparation = run_of("sub-01")
    case = next(case for case in cases if case.subject == "sub-01")
    pair, measured = scoring_pair(case, "body", preparation), load_pair(case)
    expected = preparation.in_written_unit(measured.target)
    assert np.array_equal(pair.target.voxels, expected.voxels)
    assert np.array_equal(pair.mask.voxels[0] > 0, preparation.body_mask(measured.target))
    assert scoring_pair(case, "volume", preparation).mask is None
