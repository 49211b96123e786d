"""medtrans audit calibrate, and translate with what it wrote: map, expected error, refusal."""

import json
import shutil

import numpy as np
import pytest
import torch

from medtrans.cli import run_command
from medtrans.core.sealed_json import unseal
from medtrans.core.volume import Volume
from medtrans.methods import load
from medtrans.models.calibration import read_calibration
from medtrans.models.folder import save_model
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.translating.ensemble import load_translator
from tests.translating.stand_ins import preparation_of, tiny_regression

SHAPE, AFFINE = (16, 16, 16), np.diag([-2.0, 2.0, 2.0, 1.0])
PATIENTS = 26


def source(seed):
    """Contrast differs from patient to patient, and with it what the models disagree about."""
    rng = np.random.default_rng(seed)
    height = rng.uniform(50, 1500)
    return Volume((height * rng.standard_normal((1, *SHAPE))).astype(np.float32), AFFINE)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two models, sources, and targets that err by three standard deviations of the models, with lesions beyond."""
    folder = tmp_path_factory.mktemp("calibrate")
    preparation = preparation_of()
    for seed in range(2):
        save_model(folder / f"model{seed}", tiny_regression(preparation, seed), preparation, {})
    models = load_translator([folder / "model0", folder / "model1"], "cpu")
    for number in range(PATIENTS):
        made, rng = models.translate(source(number)), np.random.default_rng(1000 + number)
        error = 3 * np.maximum(made.uncertainty.voxels, 5) * rng.standard_normal((1, *SHAPE))
        lesion = np.zeros((1, *SHAPE), np.uint8)
        lesion[0, 4:7, 4:7, 4:7] = 1
        images = {"source": source(number), "lesions": source(0).like(lesion)}
        images["target"] = source(0).like((made.volume.voxels + error + 3000.0 * lesion).astype(np.float32))
        for role, volume in images.items():
            write_volume(volume, folder / role / f"p{number:02}.nii.gz")
    return folder


@pytest.fixture(scope="module")
def calibrated(place):
    return calibrate(place, place / "audit", "--lesions", place / "lesions")


def run(*words):
    return run_command([str(word) for word in (*words, "--device", "cpu")])


def calibrate(place, out, *more, number=2):
    models = [word for seed in range(number) for word in ("-m", place / f"model{seed}")]
    return run("audit", "calibrate", "-i", place / "source", "--target", place / "target", *models, "-o", out, *more)


def translate(place, out, *more, file="p00.nii.gz"):
    models = ("-m", place / "model0", "-m", place / "model1")
    return run("translate", "-i", place / "source" / file, "-o", out, *models, "--engine", "torch", *more)


def test_the_calibration_is_in_the_model_folder_and_the_audit_in_its_own(place, calibrated):
    assert calibrated == 0
    known = read_calibration(place / "model0")
    assert known.patients == PATIENTS
    assert len(known.models) == 2
    assert known.expected.spearman > 0.5
    assert all(tissue.factor > 3 * 1.6 for tissue in known.tissues.values())
    facts = unseal((place / "audit" / "audit.json").read_bytes())
    assert "undercovered" in {finding["code"] for finding in facts["findings"]}
    assert set(facts["outputs"]) == {"calibration_cases.csv", "audit.html"}
    assert "lesions have 90%" in (place / "audit" / "audit.html").read_text()


def test_a_translation_has_the_map_and_the_expected_error(place, calibrated, tmp_path, capsys):
    assert translate(place, tmp_path / "t.nii.gz", "--uncertainty") == 0
    out = capsys.readouterr().out
    assert "expected mean error" in out
    assert "90% interval" in out
    facts = json.loads((tmp_path / "t.json").read_text())["calibration"]
    assert facts["expected_mae_low"] < facts["expected_mae"] < facts["expected_mae_high"]
    width = 1.6449 * read_volume(tmp_path / "t_std.nii.gz").voxels
    error = np.abs(read_volume(tmp_path / "t.nii.gz").voxels - read_volume(place / "target" / "p00.nii.gz").voxels)
    assert facts["mean_half_width"] == pytest.approx(width.mean(), rel=1e-3)
    assert (error <= width).mean() > 0.9
    assert facts["expected_mae"] == pytest.approx(error.mean(), rel=0.5)


def test_above_the_limit_it_abstains_and_leaves_nothing(place, calibrated, tmp_path, capsys):
    assert translate(place, tmp_path / "t.nii.gz", "--abstain-above", 1) == 3
    assert "the expected mean error of its translation is" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert translate(place, tmp_path / "t.nii.gz", "--abstain-above", 10_000) == 0


def test_a_calibration_of_other_models_or_settings_is_refused(place, calibrated, tmp_path, capsys):
    alone = ("-m", place / "model0", "--uncertainty")
    assert run("translate", "-i", place / "source" / "p00.nii.gz", "-o", tmp_path / "t.nii.gz", *alone) == 4
    assert "is of 2 model(s) with other hashes than the 1 here" in capsys.readouterr().err
    other = ("-m", place / "model1", "--uncertainty")
    assert run("translate", "-i", place / "source" / "p00.nii.gz", "-o", tmp_path / "t.nii.gz", *other) == 4
    assert "medtrans audit calibrate" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kept", "number", "code", "what"),
    [(24, 2, 3, "give 25 or more"), (PATIENTS, 1, 4, "gives one answer without an uncertainty")],
)
def test_what_cannot_be_calibrated_is_one_sentence(place, tmp_path, capsys, kept, number, code, what):
    shutil.copytree(place, tmp_path / "less")
    for role in ("source", "target"):
        for path in sorted((tmp_path / "less" / role).iterdir())[kept:]:
            path.unlink()
    assert calibrate(tmp_path / "less", tmp_path / "out", number=number) == code
    said = capsys.readouterr().err
    assert what in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_a_model_with_quantiles_gives_its_uncertainty_only_where_it_is_asked(tmp_path):
    kind, preparation = load("regression"), preparation_of()
    settings = {"generator": {"name": "unet", "channels": [4, 4, 4]}, "quantiles": [0.05, 0.95]}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_model(tmp_path / "m", kind(preparation.task(1, 1), kind.Settings.from_dict(settings)), preparation, {})
    model = load_translator(tmp_path / "m", "cpu")
    plain, asked = (one.translate(source(0)) for one in (model, model.with_settings(uncertainty=True)))
    assert plain.uncertainty is None
    assert np.array_equal(plain.volume.voxels, asked.volume.voxels)
    assert asked.uncertainty.voxels.min() > 0
    write_volume(source(0), tmp_path / "p.nii.gz")
    words = ("translate", "-i", tmp_path / "p.nii.gz", "-o", tmp_path / "t.nii.gz", "-m", tmp_path / "m")
    assert run(*words, "--engine", "torch") == 0
    assert not (tmp_path / "t_std.nii.gz").exists()
