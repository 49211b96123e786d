"""The commands of pipelines/latent_diffusion, in their order, on the sample data."""

import shutil

import pytest

from medtrans.catalogue import find_recipe, pipelines_folder
from medtrans.core.errors import ModelRefused, UsageError
from medtrans.models.config import model_hash
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from medtrans.stages.run import run
from medtrans.stages.translate import translate

README = (pipelines_folder() / "latent_diffusion" / "README.md").read_text()


def run_stage(name, folder, *changes):
    words = ["preparing.spacing=[8, 8, 8]", *changes]
    return run(load_recipe(find_recipe(f"latent_diffusion/{name}"), words, quick=True), folder)


def test_the_second_stage_draws_with_the_first_inside_it(tmp_path):
    first = run_stage("autoencoder_kl", tmp_path / "first")
    built_on = f"method.autoencoder={first.folder / 'model'}"
    second = run_stage("diffusion", tmp_path / "second", built_on)
    assert not first.failed
    linear = "preparing.target_normalisation={name: linear, low: 0, high: 1000}"
    with pytest.raises(UsageError, match="normalised by"):
        run_stage("diffusion", tmp_path / "other", built_on, linear)
    assert not (tmp_path / "other").exists(), "another scale is refused before anything is written"
    assert not second.failed
    (made,) = [path for path in (second.folder / "translations").glob("*.nii.gz") if "_std" not in path.name]
    deviation = read_volume(made.with_name(made.name.replace(".nii.gz", "_std.nii.gz")))
    assert deviation.voxels.max() > 0
    named = f"autoencoder_kl (sha256 {model_hash(first.folder / 'model')[:12]})"
    assert f"The autoencoder was the trained model {named}, held fixed." in second.report.read_text()
    assert f"- frozen models: autoencoder {named}" in (second.folder / "model" / "MODEL_CARD.md").read_text()
    given_away = [*second.folder.glob("model/*[dn]"), *second.folder.glob("translations/*.json"), second.report]
    assert len(given_away) == 6
    assert not [path for path in given_away if str(tmp_path) in path.read_text()], "folders may hold names"
    shutil.rmtree(first.folder)
    source = load_recipe(find_recipe("latent_diffusion/diffusion")).reading.root / made.name.replace(".", "_T1.", 1)
    mask = source.with_name(made.name.replace(".", "_mask.", 1))
    translate(source, tmp_path / "again.nii.gz", [second.folder / "model"], masks=mask)
    assert (read_volume(tmp_path / "again.nii.gz").voxels == read_volume(made).voxels).all()


def test_a_first_stage_that_is_not_there_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ModelRefused, match="nowhere"):
        run_stage("diffusion", tmp_path / "second", "method.autoencoder=nowhere")
    assert not (tmp_path / "second").exists()


def test_the_readme_names_both_stages():
    for name in ("autoencoder_kl", "diffusion"):
        assert f"medtrans run latent_diffusion/{name} " in README
