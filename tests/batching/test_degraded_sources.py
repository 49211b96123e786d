"""Data consistency of files: the record of the degradation lies beside each source, or is given for all."""

import json
from dataclasses import replace

import numpy as np
import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.cli import run_command
from medtrans.core.modality import MODALITIES
from medtrans.degradations._record import degrade_all
from medtrans.degradations.blur import Blur
from medtrans.degradations.gamma import Gamma
from medtrans.degradations.thick_slices import ThickSlices
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.reading.volumes import read_volume
from medtrans.stages.degrade import degrade
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Identity
from tests.methods.test_exact_normal import method
from tests.translating.stand_ins import (
    Convolved,
    Same,
    oblique,
    save_nifti,
    tiny_regression,
    translator_of,
)

EXACT = TranslatingSettings(data_consistency=0)


@pytest.fixture
def original(tmp_path):
    """A smooth MR of float values, not at the scale of any model."""
    x, y, z = np.meshgrid(*[np.linspace(-1, 1, side) for side in (14, 13, 12)], indexing="ij")
    voxels = 300 * (x**2 + y**2 + z**2 < 0.9) * (1.5 + np.sin(4 * x) * np.cos(3 * y + z))
    return save_nifti(tmp_path / "a.nii.gz", voxels[None], oblique(spacing=(1, 1, 1)), dtype=np.float32)


def degraded(original, step, folder, **how):
    degrade(original, folder / "a.nii.gz", [step], modality="MR", **how)
    return folder / "a.nii.gz"


def mr_translator(method, settings=EXACT, **changes):
    scale = Percentiles(typical_range=(0.0, 1000.0))
    usual = {"source_normalisation": scale, "target_normalisation": scale, "source_modality": "MR"}
    return translator_of(method, settings, Identity("toy", "a model's hash"), **{**usual, **changes})


def again(made, source):
    """The relative difference of a translation, degraded again, and its source."""
    record = json.loads(source.with_name("a.json").read_text())["degradations"]
    one, other = degrade_all(read_volume(made), record, MODALITIES["MR"]).voxels, read_volume(source).voxels
    return np.linalg.norm(one - other) / np.linalg.norm(other)


def test_a_translation_agrees_with_its_source_and_has_its_unit(original, tmp_path):
    source = degraded(original, Blur(millimetres=3.0), tmp_path / "blurred")
    [outcome] = translate_files(source, tmp_path / "plain.nii.gz", mr_translator(Same(), TranslatingSettings()))
    [outcome] = translate_files(source, tmp_path / "made.nii.gz", mr_translator(Same()))
    assert outcome.verdict == "done", outcome.message
    assert again(tmp_path / "plain.nii.gz", source) > 0.05
    assert again(outcome.output, source) < 3e-4
    facts = json.loads((tmp_path / "made.json").read_text())
    assert facts["data_consistency"]["degradation"] == "blur"
    assert facts["data_consistency"]["after"] < 3e-4 < 0.05 < facts["data_consistency"]["before"]
    assert facts["output"]["target_percentiles"] == []
    assert [each["file"] for each in facts["inputs"]] == ["a.nii.gz", "a.json"]


def test_a_painted_contrast_is_brought_to_the_unit_of_its_source_before(original, tmp_path):
    """Its window is fixed, but no scanner has its unit."""
    source = degraded(original, Blur(millimetres=3.0), tmp_path / "blurred")
    translator = mr_translator(Same(), target_normalisation=Linear(low=0, high=50), target_modality="MR")
    translator.preparation = replace(translator.preparation, target_percentiles=(45.0,))
    translate_files(source, tmp_path / "made.nii.gz", translator)
    facts = json.loads((tmp_path / "made.json").read_text())
    translate_files(source, tmp_path / "plain.nii.gz", translator.with_settings(data_consistency=None))
    means = [read_volume(path).voxels.mean() for path in (source, tmp_path / "plain.nii.gz")]
    assert facts["data_consistency"]["gain"] == pytest.approx(means[0] / means[1], rel=0.2)
    assert facts["data_consistency"]["gain"] > 5


def test_with_noise_it_agrees_no_further_than_that(original, tmp_path):
    source = degraded(original, Blur(millimetres=3.0), tmp_path / "blurred")
    translate_files(source, tmp_path / "made.nii.gz", mr_translator(Same(), TranslatingSettings(data_consistency=0.02)))
    assert 0.002 < again(tmp_path / "made.nii.gz", source) <= 0.02


def test_thick_slices_agree_on_their_own_grid_and_on_that_of_the_original(original, tmp_path):
    thick = degraded(original, ThickSlices(millimetres=3.0), tmp_path / "thick")
    kept = degraded(original, ThickSlices(millimetres=3.0), tmp_path / "kept", keep_grid=True)
    finer = TranslatingSettings(data_consistency=0, grid="model")
    on_grid = mr_translator(Same(dims=3), finer, spacing=(1, 1, 1), spatial_dims=3, patch=(8, 8, 8))
    for source, translator in ((thick, on_grid), (kept, mr_translator(Same()))):
        made = tmp_path / f"made_{source.parent.name}.nii.gz"
        [outcome] = translate_files(source, made, translator)
        assert outcome.verdict == "done", outcome.message
        assert again(made, thick) < 1e-3


def test_what_is_not_linear_is_refused_and_the_linear_ones_are_named(original, tmp_path):
    source = degraded(original, Gamma(exponent=1.2), tmp_path / "other")
    [outcome] = translate_files(source, tmp_path / "made.nii.gz", mr_translator(Same()))
    assert outcome.verdict == "failed"
    assert "degraded by gamma, where one linear degradation is needed; linear are aniso" in outcome.message
    assert not (tmp_path / "made.nii.gz").exists()


def test_a_source_without_a_record_is_refused_and_one_can_be_given(original, tmp_path):
    source = degraded(original, Blur(millimetres=3.0), tmp_path / "blurred")
    record = source.with_name("a.json").rename(tmp_path / "record.json")
    [outcome] = translate_files(source, tmp_path / "made.nii.gz", mr_translator(Same()))
    assert outcome.exit_code == 3
    assert "there is no a.json; give it by --consistent-with" in outcome.message
    [outcome] = translate_files(source, tmp_path / "made.nii.gz", mr_translator(Same()), record=record)
    assert outcome.verdict == "done", outcome.message
    record.rename(source.with_name("a.json"))
    assert again(outcome.output, source) < 3e-4


def test_a_sample_given_its_source_agrees_with_it_in_its_unit_and_the_sidecar_says_so(original, tmp_path):
    source = degraded(original, Blur(millimetres=3.0), tmp_path / "blurred")
    drawn = mr_translator(method("rectified_flow", 0.7), TranslatingSettings(posterior_sampling=0.01))
    [outcome] = translate_files(source, tmp_path / "made.nii.gz", drawn)
    assert outcome.verdict == "done", outcome.message
    assert 0.005 < again(outcome.output, source) < 0.02
    facts = json.loads((tmp_path / "made.json").read_text())
    assert facts["posterior_sampling"]["degradation"] == "blur"
    assert facts["posterior_sampling"]["residual"] == pytest.approx(again(outcome.output, source), rel=0.1)
    assert facts["posterior_sampling"]["gain"] != 1
    assert facts["output"]["target_percentiles"] == []
    source.with_name("a.json").unlink()
    [outcome] = translate_files(source, tmp_path / "other.nii.gz", drawn)
    assert "posterior sampling needs the record" in outcome.message
    assert "(--posterior-sampling off)" in outcome.message


def test_another_record_is_another_origin_so_that_nothing_counts_as_done(original, tmp_path):
    source = degraded(original, Blur(millimetres=3.0), tmp_path / "blurred")
    other = degraded(original, Blur(millimetres=2.0), tmp_path / "sharper").with_name("a.json")
    made = [
        translate_files(source, tmp_path / "made.nii.gz", mr_translator(Convolved(dims=2)), record=record, resume=True)
        for record in (None, None, other)
    ]
    assert [outcome.verdict for [outcome] in made] == ["done", "skipped", "done"]


def test_the_command_makes_a_model_consistent_and_refuses_a_wrong_noise(original, tmp_path, capsys):
    source = degraded(original, Blur(millimetres=3.0), tmp_path / "blurred")
    preparation = mr_translator(Same()).preparation
    save_model(tmp_path / "m", tiny_regression(preparation), preparation, {"name": "m"})
    words = ["translate", "-m", str(tmp_path / "m"), "-i", str(source), "-o"]
    record = ["--consistent-with", str(source.with_name("a.json"))]
    assert run_command([*words, str(tmp_path / "made.nii.gz"), *record]) == 0
    assert again(tmp_path / "made.nii.gz", source) < 1e-3
    assert run_command([*words, str(tmp_path / "b.nii.gz"), "--data-consistency", "much"]) == 2
    assert "give 0, a share below 1 such as 0.01, or off" in capsys.readouterr().err
    assert run_command([*words, str(tmp_path / "b.nii.gz"), *record, "--posterior-sampling", "0.01"]) == 2
    assert "which Regression does not do" in capsys.readouterr().err
