"""medtrans audit maps: what each map shows on images whose faults are known, and the files of the command."""

import json

import numpy as np
import pytest

from medtrans.auditing.map_audit import MappedCase, audit_maps
from medtrans.cli import run_command
from medtrans.core.modality import find_modality
from medtrans.core.volume import Volume
from medtrans.models.folder import save_model
from medtrans.reading.volumes import read_volume, write_volume
from tests.translating.stand_ins import preparation_of, tiny_regression

SIDE = 32
AFFINE = np.diag([-2.0, 2.0, 2.0, 1.0])
BODY = np.square(np.indices((SIDE,) * 3) - SIDE / 2).sum(0) < (0.45 * SIDE) ** 2


def image(seed=0):
    voxels = np.where(BODY, 40.0, -1000.0) + 20 * np.random.default_rng(seed).standard_normal(BODY.shape)
    return Volume(voxels.astype(np.float32)[None], AFFINE)


def with_ball(volume, height=400.0):
    """The image with an invented ball in its middle, and where that is."""
    ball = np.square(np.indices(BODY.shape) - SIDE / 2).sum(0) < 4**2
    return volume.like(volume.voxels + np.float32(height) * ball), ball


def mapped(**facts):
    return audit_maps(MappedCase("p", image(), body=BODY, modality=find_modality("CT"), **facts))


def test_an_invented_ball_is_in_the_residual_and_the_spread_is_scored_for_it():
    translated, ball = with_ball(image())
    found = mapped(translated=translated, target=image(), spread=image().like(ball.astype(np.float32)[None]))
    assert found.maps["residual"][ball].min() > 300
    assert found.maps["residual"][~ball].max() == 0
    [row] = [row for row in found.rows if row["map"] == "spread"]
    assert (row["auroc"], row["auprc"], row["wrong_share"]) == (1, 1, pytest.approx(ball[BODY].mean()))


def test_a_way_back_that_reads_the_source_in_fine_detail_is_noticed():
    """The translation is smooth but for a thousandth of its source, from which the way back restores it."""
    source, share = image(), 1e-3
    hidden = source.like((share * source.voxels).astype(np.float32))
    found = mapped(translated=hidden, back=lambda volume: volume.like(volume.voxels / np.float32(share)))
    assert found.maps["cycle"][BODY].mean() < 0.01
    assert found.maps["cycle_robust"][BODY].mean() > 0.3
    assert [one.code for one in found.findings] == ["hidden-source"]


def test_an_honest_way_back_is_not_called_hiding():
    """It loses detail, and noise adds little to that."""
    mean = np.float32(image().voxels[0][BODY].mean())
    found = mapped(translated=image(1), back=lambda volume: volume.like(np.full_like(volume.voxels, mean)))
    assert found.findings == ()


def test_resolution_stands_beside_sfrc():
    noise = [image().like(np.random.default_rng(seed).standard_normal((1, *BODY.shape))) for seed in range(2)]
    unlike = mapped(translated=noise[0], target=noise[1])
    assert unlike.resolution["flagged_translated"] > 0.9
    assert unlike.resolution["flagged_coarse"] > 0.3
    same = mapped(translated=image(), target=image())
    assert same.resolution["flagged_translated"] == 0
    assert same.resolution["resolution_translated_per_mm"] == pytest.approx(0.25)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("maps")
    preparation = preparation_of()
    for seed in range(2):
        save_model(place / f"model{seed}", tiny_regression(preparation, seed), preparation, {})
    write_volume(image(), place / "p.nii.gz")
    return place


def run(folder, out, *more):
    words = ["audit", "maps", "-i", folder / "p.nii.gz", "-o", out, "--device", "cpu", *more]
    return run_command([str(word) for word in words])


def test_command(folder, tmp_path, capsys):
    models = ["-m", folder / "model0", "-m", folder / "model1"]
    assert run(folder, tmp_path / "out", *models, "--back", folder / "model0", "--target", folder / "p.nii.gz") == 0
    assert "Resolution" in capsys.readouterr().out
    names = {"residual", "cycle", "cycle_robust", "spread", "sfrc"}
    document = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert set(document["outputs"]) == {f"p_{name}.nii.gz" for name in names} | {"maps.csv", "audit.html"}
    written = read_volume(tmp_path / "out" / "p_spread.nii.gz")
    assert written.shares_grid_with(image())
    assert written.voxels.dtype == np.float32
    page = (tmp_path / "out" / "audit.html").read_text()
    assert '"map": "Map: cycle robust"' in page
    assert "Resolution beside sFRC" in page


def test_the_null_space_of_a_degraded_source(folder, tmp_path):
    """Of a source that thick slices made, a part of the translation is free."""
    words = ["degrade", "-i", folder / "p.nii.gz", "-o", tmp_path / "p.nii.gz", "--modality", "CT"]
    assert run_command([*map(str, words), "--with", "thick_slices:millimetres=6", "--keep-grid"]) == 0
    more = ["-i", tmp_path / "p.nii.gz", "--translated", folder / "p.nii.gz", "--target", folder / "p.nii.gz"]
    assert run(folder, tmp_path / "out", *more, "--modality", "CT") == 0
    free = read_volume(tmp_path / "out" / "p_null_space.nii.gz").voxels
    assert free[0][BODY].mean() > 1
    assert read_volume(tmp_path / "out" / "p_null_space_error.nii.gz").voxels.max() == 0


@pytest.mark.parametrize(
    ("more", "code", "what"),
    [
        ([], 2, "either --translated or --model"),
        (["--translated", "p.nii.gz", "--target", "missing"], 3, "does not exist"),
        (["--translated", "small.nii.gz"], 3, "another grid"),
    ],
)
def test_bad_input_is_one_sentence(folder, tmp_path, capsys, more, code, what, monkeypatch):
    write_volume(Volume(np.zeros((1, 8, 8, 8), np.float32), AFFINE), folder / "small.nii.gz", overwrite=True)
    monkeypatch.chdir(folder)
    assert run(folder, tmp_path / "out", *more) == code
    said = capsys.readouterr().err
    assert what in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()
