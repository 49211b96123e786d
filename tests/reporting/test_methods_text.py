import pytest

from medtrans.catalogue import recipes
from medtrans.recipe import load_recipe
from medtrans.reporting.methods_text import methods_text
from tests.reporting.report_volumes import DEFINITION, scores

SOFTWARE = {"medtrans": "0.1.0", "python": "3.11", "torch": "2.8", "monai": "absent", "nibabel": "5.3"}


def text(settings=None, found=None, refused=0):
    asked = {"split": "6 train, 0 validation, 2 test", "refused": refused, "software": SOFTWARE}
    return methods_text(scores() if found is None else found, DEFINITION, settings=settings or {}, **asked)


def test_definition_numbers_and_versions_are_spelled_out():
    told = text(refused=1)
    for words in (
        "preset synthrad2023 of medtrans, on the value range -1024 … 3000 (width Q = 4024)",
        "voxels that count: body.",
        "MAE: not clipped.",
        "n = 2 cases of 2 subjects; 1 more could not be assessed.",
        "5000 resamples",
        "copy of the source",
        "Software: medtrans 0.1.0, python 3.11, torch 2.8.",
    ):
        assert words in told, words


def test_volumes_that_were_only_scored_have_no_training():
    assert "trained for" not in text()
    assert "controls" not in text(found=scores(controls=()))


@pytest.mark.parametrize("name", sorted(recipes()))
def test_every_pipeline_is_told_without_a_hole(name):
    recipe = load_recipe(recipes()[name])
    told = text(recipe.to_dict())
    assert f"The method was {recipe.method} (" in told
    assert f"at most {recipe.training.steps} steps" in told
    assert "split by subject" in told
    assert f"Seed {recipe.training.seed}." in told
    for hole in ("None", "{", "}", "()", "  ", ".."):
        assert hole not in told.replace(" … ", " "), hole
