"""The commands of pipelines/mri_to_ct for the large recipe, in their order, on the sample data."""

import json

import pytest

from medtrans.catalogue import find_recipe, pipelines_folder
from medtrans.core.errors import ModelRefused
from medtrans.recipe import load_recipe
from medtrans.stages.run import run
from medtrans.stages.train import train
from medtrans.stages.translate import translate

README = (pipelines_folder() / "mri_to_ct" / "README.md").read_text()


def recipe(name, *changes):
    return load_recipe(find_recipe(f"mri_to_ct/{name}"), changes, quick=True)


def million_weights(name):
    settings = load_recipe(find_recipe(name)).method_settings.generator
    return sum(weight.numel() for weight in settings.build(3, 1, 1).parameters()) / 1e6


@pytest.mark.slow
def test_the_segmenter_is_in_the_loss_and_two_folds_are_translated_by_their_mirrored_mean(tmp_path):
    segmenter = train(recipe("segmenter"), tmp_path / "segmenter").model
    folds = [
        run(recipe("large", f"method.segmenter={segmenter}", f"reading.fold={fold}"), tmp_path / f"large-{fold}")
        for fold in range(2)
    ]
    assert not any(result.failed for result in folds)
    assert "generator/features" in (folds[0].folder / "journal.csv").read_text()
    source = recipe("large").reading.root / "sub-05_T1.nii.gz"
    translate(source, tmp_path / "out.nii.gz", [result.folder / "model" for result in folds])
    members = json.loads((tmp_path / "out.json").read_text())["model"]["mean_of"]
    assert [member["settings"]["mirror"] for member in members] == ["left_right"] * 2


def test_without_its_segmenter_it_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ModelRefused, match="segmenter"):
        run(recipe("large"), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_weights_and_voxels_that_the_readme_states_are_those_of_the_recipes():
    small, large = (load_recipe(find_recipe(name)) for name in ("mri_to_ct", "mri_to_ct/large"))
    for name in ("mri_to_ct", "mri_to_ct/large"):
        assert f" {million_weights(name):.1f} " in README
    voxels = [one.training.steps * one.training.batch * one.preparing.patch[0] ** 3 for one in (small, large)]
    assert [f"{one:.1e}" for one in voxels] == ["1.0e+10", "1.0e+12"]
    assert voxels[0] / voxels[1] == pytest.approx(0.01, rel=0.01)
    assert "1 % of the voxels" in README


def test_both_recipes_leave_the_same_subjects_for_the_test():
    splits = [{c.subject for c in recipe(name).cases() if c.split == "test"} for name in ("segmenter", "large")]
    assert splits[0] == splits[1] != set()
