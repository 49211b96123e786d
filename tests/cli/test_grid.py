"""`medtrans translate --grid`: voxels of the source, or those of the model, which are smaller than thick slices."""

import json

import numpy as np
import pytest

from medtrans.cli import run_command
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.linear import Linear
from medtrans.reading.volumes import read_volume
from tests.translating.stand_ins import ball, oblique, preparation_of, save_nifti, tiny_regression

THICK = (2.0, 2.0, 6.0)


@pytest.fixture
def model(tmp_path):
    def made(**changes):
        scales = {"source_normalisation": Linear(low=0, high=100), "target_normalisation": Linear(low=0, high=850)}
        preparation = preparation_of("MR", "MR", **scales, **changes)
        save_model(tmp_path / "model", tiny_regression(preparation), preparation, {"name": "toy"})
        return tmp_path / "model"

    return made


def translate(tmp_path, model, *words):
    voxels, _ = ball((20, 18, 8))
    source = save_nifti(tmp_path / "in.nii.gz", 40.0 + 0.01 * voxels, oblique(spacing=THICK))
    code = run_command(["translate", "-i", str(source), "-o", str(tmp_path / "out.nii.gz"), "-m", str(model), *words])
    return code, read_volume(source)


@pytest.mark.parametrize("words", [[], ["--grid", "source"]])
def test_a_translation_lies_on_the_grid_of_its_source(words, model, tmp_path):
    code, source = translate(tmp_path, model(spacing=(2.0, 2.0, 2.0)), *words)
    assert code == 0
    assert read_volume(tmp_path / "out.nii.gz").shares_grid_with(source)


def test_or_has_the_voxels_of_the_model_in_the_same_place(model, tmp_path):
    code, source = translate(tmp_path, model(spacing=(2.0, 2.0, 2.0)), "--grid", "model")
    made = read_volume(tmp_path / "out.nii.gz")
    assert code == 0
    assert made.spacing == pytest.approx((2.0, 2.0, 2.0))
    assert made.shape == (20, 18, 24)
    centres = [one.affine @ [*(np.array(one.shape) - 1) / 2, 1] for one in (made, source)]
    assert np.allclose(*centres, atol=1e-3)
    assert json.loads((tmp_path / "out.json").read_text())["model"]["settings"]["grid"] == "model"


def test_a_model_of_no_voxel_size_has_no_grid(model, tmp_path, capsys):
    code, _ = translate(tmp_path, model(), "--grid", "model")
    assert code == 2
    assert "preparing.spacing sets no voxel size" in capsys.readouterr().err
    assert not (tmp_path / "out.nii.gz").exists()
