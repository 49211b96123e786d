import math
from dataclasses import replace

import pytest

from medtrans.catalogue import recipes
from medtrans.core.finding import Finding
from medtrans.core.measurement import Measurement
from medtrans.core.score import Clause, Evaluation
from medtrans.recipe import load_recipe
from medtrans.reporting.methods_text import methods_text
from medtrans.reporting.run_record import RunRecord
from tests.reporting.report_volumes import DEFINITION, scores
from tests.reporting.text_record import record

SOFTWARE = {"medtrans": "0.1.0", "python": "3.11", "torch": "2.8", "monai": "absent", "nibabel": "5.3"}
FAILED = {"sub-09": Finding(code="x", severity="refuse", where="sub-09", what="is empty")}


def text(run=None, found=None, definition=DEFINITION, **facts):
    return methods_text(Evaluation(definition, scores() if found is None else found, **facts), run, software=SOFTWARE)


def test_definition_numbers_and_versions_are_in_the_text():
    written = text(failed=FAILED)
    for words in (
        "preset synthrad2023 of medtrans for CT, with the value range −1024 … 3000 (width Q = 4024)",
        "region: body.",
        "MAE: not clipped.",
        "n = 2 cases of 2 subjects were scored; 1 further case could not be scored.",
        "Intervals are 95 % intervals of the mean over subjects by Student's t. Below 40 subjects",
        "copied source",
        "Software: medtrans 0.1.0, python 3.11, torch 2.8.",
    ):
        assert words in written, words


def test_files_that_were_only_scored_have_no_training():
    assert "trained for" not in text()
    assert "baselines" not in text(found=scores(baselines=()))


def test_measured_quantities_are_named():
    measured = [Measurement("a", "a", "mean in the mask", "HU", 1.0, 2.0)]
    assert "Agreement of translation and target is given as bias" in text(measurements=measured)
    assert "for: mean in the mask." in text(measurements=measured)
    assert "Agreement" not in text()


def test_a_test_is_named_only_where_there_were_enough_subjects_for_it():
    assert "without a test, which needs 6 subjects" in text()
    own = [replace(one, case=f"{one.case}{n}", subject=f"{one.subject}{n}") for one in scores() for n in range(6)]
    assert "by Wilcoxon's signed-rank test over subjects on the primary metric" in text(found=own)
    assert "Holm" not in text(found=own)
    assert "corrected by Holm" in text(found=own, primary=("mae", "psnr"))


def test_averaging_and_exclusion_are_said_only_where_they_happened():
    twice = [*scores(), *(replace(one, case=f"{one.case}b") for one in scores())]
    assert "after averaging the cases of one subject" in text(found=twice)
    assert "after averaging" not in text()
    gaps = [replace(one, value=math.nan) if number == 0 else one for number, one in enumerate(scores())]
    assert "nan or infinite were counted and excluded" in text(found=gaps)
    assert "nan" not in text()


def test_a_baseline_that_was_not_scored_is_not_defined():
    clauses = Clause("copied source", "the source"), Clause("intensity lookup", "the median")
    definition = replace(DEFINITION, clauses=clauses)
    written = text(found=scores(baselines=("copied source",)), definition=definition)
    assert "copied source: the source." in written
    assert "intensity lookup" not in written


@pytest.mark.parametrize("name", sorted(recipes()))
def test_every_pipeline_has_a_text_without_gaps_and_without_paths(name):
    recipe = load_recipe(recipes()[name])
    written = text(RunRecord(settings=recipe.to_dict()))
    assert f"The method was {recipe.method.replace('_', ' ')}" in written
    assert " minimised " in written
    assert f"The random seed was {recipe.training.seed}." in written
    for gap in ("None", "{", "}", "()", "  ", "..", "/model", ": ."):
        assert gap not in written.replace(" … ", " "), gap


def test_the_parts_of_a_run_are_paragraphs():
    starts = (
        "The data comprised",
        "Volumes were reoriented",
        "The method was",
        "The model was trained",
        "Volumes were tr",
    )
    paragraphs = text(record()).split("\n\n")
    assert [paragraph.startswith(start) for paragraph, start in zip(paragraphs, starts, strict=False)] == [True] * 5
    assert len(paragraphs) == 8
