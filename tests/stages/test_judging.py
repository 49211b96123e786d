import json
from dataclasses import replace

import pytest

from medtrans.core.volume import Volume
from medtrans.evaluating.segmentation.segmenter import of_words
from medtrans.preparing.preparation import Preparation
from medtrans.reading.cohort import load_pair
from medtrans.reading.files import spread_path, write_volume
from medtrans.recipe import load_recipe
from medtrans.stages import run as stages
from medtrans.stages._judging import judge, write_judgement
from medtrans.stages.train import cases_of
from tests.reporting.report_volumes import pictured, segmented


@pytest.fixture(scope="module")
def judged():
    """Five test cases whose sources stand for their translations; one has no target, one was not translated."""
    held = "reading.hold_out=[sub-01, sub-02, sub-03, sub-04, sub-05]"
    recipe = load_recipe(stages.find_recipe("t1_to_t2"), [held], quick=True)
    cases = [replace(case, targets=()) if case.subject == "sub-04" else case for case in cases_of(recipe)]
    preparation = Preparation(recipe.preparing).fit(load_pair(case) for case in cases if case.split == "train")
    made = {case.name: case.sources[0] for case in cases if case.subject not in ("sub-00", "sub-05")}
    return recipe, judge(recipe, cases, made, {"sub-05": "sub-05: is broken; copy it again"}, preparation)


def test_the_worst_the_median_and_the_best_are_pictured(judged):
    recipe, found = judged
    own = {s.case: s.value for s in found.evaluation.scores if (s.system, s.metric) == ("translated", "mae")}
    assert len(own) == recipe.evaluating.pictures == 3
    assert [one.case for one in found.pictured] == sorted(own, key=lambda case: own[case], reverse=True)


def test_the_page_says_what_was_left_out_and_where_the_numbers_come_from(judged, tmp_path):
    recipe, found = judged
    journal = [{"step": step, "generator/l1": 1.0 / step} for step in (1, 2)]
    page = write_judgement(tmp_path, recipe, found, journal, "Converged: it did.", {"seed": 7}).read_text()
    for words in (
        "<b>Not assessed</b> sub-05: is broken; copy it again",
        "Translated but not scored, there is no target: sub-04",
        "1 train, 0 validation, 5 test",
        "recipe sha256",
        "copy of the source",
        "quarter",
        "l1 <span",
    ):
        assert words in page, words


def test_a_case_without_the_mask_it_should_be_scored_in_is_not_assessed():
    recipe = load_recipe(stages.find_recipe("t1_to_t2"), ["reading.hold_out=[sub-01, sub-02]"], quick=True)
    cases = [replace(case, mask=None) if case.subject == "sub-01" else case for case in cases_of(recipe)]
    preparation = Preparation(recipe.preparing).fit(load_pair(case) for case in cases if case.split == "train")
    made = {case.name: case.sources[0] for case in cases if case.split == "test"}
    found = judge(recipe, cases, made, {}, preparation)
    assert {score.case for score in found.evaluation.scores} == {"sub-02"}
    assert found.evaluation.refused["sub-01"].startswith("sub-01: has no mask file, and evaluating.within is mask; ")
    assert [one.case for one in found.pictured] == ["sub-02"]


@pytest.mark.parametrize(("samples", "scored"), [(3, True), (1, False)])
def test_a_spread_beside_its_translation_is_scored_where_answers_were_drawn(samples, scored, tmp_path):
    asked = ["reading.hold_out=[sub-01, sub-02]", f"translating.samples={samples}"]
    recipe = load_recipe(stages.find_recipe("t1_to_t2"), asked, quick=True)
    cases = cases_of(recipe)
    preparation = Preparation(recipe.preparing).fit(load_pair(case) for case in cases if case.split == "train")
    made = {case.name: tmp_path / f"{case.name}.nii.gz" for case in cases if case.split == "test"}
    for case in cases:
        if case.name in made:
            source = load_pair(case).source
            write_volume(source, made[case.name])
            write_volume(source.like(0 * source.voxels + 50), spread_path(made[case.name]))
    found = judge(recipe, cases, made, {}, preparation).evaluation
    told = {(score.case, score.system) for score in found.scores if score.metric == "calibration"}
    assert told == ({(name, "translated") for name in made} if scored else set())
    assert any(line.startswith("coverage_error: ") for line in found.definition.details) == scored


@pytest.fixture
def scored(tmp_path):
    """Folders of targets, translations, sources and label maps; the source of b lies elsewhere, c has none."""
    for number, name in enumerate(("a", "b", "c")):
        case = segmented(pictured(name, shift=20.0 * number))
        for folder, volume in (("target", case.target), ("made", case.translated), ("source", case.source)):
            write_volume(volume, tmp_path / folder / f"{name}.nii.gz")
        for role, labels in case.structures.items():
            write_volume(labels, tmp_path / f"labels_{role}" / f"{name}.nii.gz")
    elsewhere = Volume(case.source.voxels[:, 1:], case.source.affine)
    write_volume(elsewhere, tmp_path / "source" / "b.nii.gz", overwrite=True)
    (tmp_path / "source" / "c.nii.gz").unlink()
    return tmp_path


def test_volumes_that_were_only_scored_get_the_same_page_and_tables(scored):
    tmp_path = scored
    stages.evaluate(tmp_path / "made", tmp_path / "target", None, "synthrad2023", report=tmp_path / "page")
    found = {path.name for path in (tmp_path / "page").iterdir()}
    assert found == {"report.html", "scores.csv", "scores.json", "tables.tex"}
    page = (tmp_path / "page" / "report.html").read_text()
    for words in ("worst of 3 by MAE", "no control was scored", "Volume of bone above 200 HU", 'data-case="3"'):
        assert words in page, words
    read_for = json.loads((tmp_path / "page" / "scores.json").read_text())["quantities"]
    assert {one["name"] for one in read_for} == {"mean in the mask", "volume of bone above 200 HU"}


def test_sources_and_structures_are_shown_where_they_are_given_and_fit(scored):
    words = None, scored / "labels_translated", scored / "labels_target", "{bone: 1, soft tissue: 2}", 2.0
    asked = {"downstream": of_words(*words), "source": scored / "source", "report": scored / "page"}
    stages.evaluate(scored / "made", scored / "target", None, "synthrad2023", **asked)
    page = (scored / "page" / "report.html").read_text()
    layers = {name: page.count(f'"role": "{name}"') for name in ("source", "target", "mask", "translated_structures")}
    assert layers == {"source": 1, "target": 3, "mask": 3, "translated_structures": 3}
    assert "b: shown without its source: " in page
    assert "c: shown without its source: there is no source of its name" in page
    assert "3 missed of 6 structures in 3 cases; soft tissue in a, b, c" in page
    assert (scored / "page" / "downstream.csv").is_file()
