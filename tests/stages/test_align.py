import json

import numpy as np
import pytest
import SimpleITK as sitk

from medtrans.cli import run_command
from medtrans.core.sealed_json import unseal
from medtrans.preparing.registration.align import Registration
from medtrans.preparing.registration.judgement import Judgement
from medtrans.reading.volumes import read_volume, write_volume
from tests.preparing.registration.moved_heads import error_mm, moved_head
from tests.preparing.registration.test_judgement import SOUND


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scans")
    fixed, moving, truth = moved_head(0)
    write_volume(fixed, folder / "mr.nii.gz", dtype=np.float32)
    write_volume(moving.like(np.rint(moving.voxels).astype(np.int16)), folder / "ct.nii.gz")
    write_volume(moving.like((moving.voxels > 250).astype(np.uint8)), folder / "bone.nii.gz")
    write_volume(fixed.like(np.ones(fixed.voxels.shape, np.uint8)), folder / "mask.nii.gz")
    return folder, fixed, truth


def align(*words):
    return run_command(["align", *map(str, words)])


def pair(folder):
    return "--moving", folder / "ct.nii.gz", "--fixed", folder / "mr.nii.gz"


@pytest.fixture(scope="module")
def aligned(scans):
    folder, _, _ = scans
    assert (
        align(*pair(folder), "-o", folder / "out", "--labels", folder / "bone.nii.gz", "--moving-modality", "CT") == 0
    )
    return folder / "out"


def test_everything_is_written_and_lies_on_the_fixed_grid(scans, aligned):
    names = {path.name for path in aligned.iterdir()}
    others = {"ct_to_mr.tfm", "ct_aligned.json", "ct_aligned.png"}
    assert names == {"ct_aligned.nii.gz", "bone_aligned.nii.gz", *others}
    _, fixed, _ = scans
    volume, bone = (read_volume(aligned / f"{name}_aligned.nii.gz") for name in ("ct", "bone"))
    assert volume.shares_grid_with(fixed)
    assert bone.shares_grid_with(fixed)
    assert volume.voxels.dtype == np.int16
    assert volume.voxels.min() == -1024
    found, labelled = volume.voxels > 250, bone.voxels > 0
    assert 2 * (found & labelled).sum() / (found.sum() + labelled.sum()) > 0.8


def test_the_transform_that_is_written_is_right(scans, aligned):
    _, fixed, truth = scans
    assert error_mm(sitk.ReadTransform(str(aligned / "ct_to_mr.tfm")), fixed, truth) < 1.0


def test_the_judgement_is_sealed_and_says_what_was_registered(aligned):
    facts = unseal((aligned / "ct_aligned.json").read_bytes())
    assert facts["outcome"] == "good"
    assert facts["kind"] == "rigid"
    assert [facts["inputs"][role]["modality"] for role in ("moving", "fixed")] == ["CT", None]
    assert set(facts["outputs"]) == {"ct_aligned.nii.gz", "bone_aligned.nii.gz", "ct_to_mr.tfm", "ct_aligned.png"}


def test_nothing_is_replaced_unasked_and_no_input_ever(scans, aligned, capsys):
    folder, _, _ = scans
    assert align(*pair(folder), "-o", aligned) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert align("--moving", aligned / "ct_aligned.nii.gz", "--fixed", folder / "mr.nii.gz", "-o", folder / "x",
                 "--labels", aligned / "ct_aligned.nii.gz", "--overwrite") == 2  # fmt: skip


def test_a_mask_on_another_grid_is_refused_before_anything_is_written(scans, capsys):
    folder, _, _ = scans
    assert align(*pair(folder), "-o", folder / "no", "--moving-mask", folder / "mask.nii.gz") == 3
    assert "does not lie on the grid of ct.nii.gz" in capsys.readouterr().err
    assert not (folder / "no").exists()


def test_voxels_that_are_no_finite_numbers_are_refused(scans, capsys):
    folder, fixed, _ = scans
    holes = np.where(fixed.voxels > np.percentile(fixed.voxels, 99), np.nan, fixed.voxels)
    write_volume(fixed.like(holes), folder / "holes.nii.gz", dtype=np.float32)
    words = "--moving", folder / "holes.nii.gz", "--fixed", folder / "mr.nii.gz", "-o", folder / "nan"
    assert align(*words, "--kind", "deformable") == 3
    assert "holes.nii.gz: holds voxels that are not finite numbers" in capsys.readouterr().err
    assert not (folder / "nan").exists()


def test_a_failed_registration_writes_its_judgement_and_picture_and_what_a_kill_left_is_removed(
    scans, capsys, monkeypatch
):
    folder, _, _ = scans
    (folder / "failed" / ".0123456789ab.part").mkdir(parents=True)
    found = Registration("rigid", sitk.Euler3DTransform(), Judgement("failed", ("they do not fit",), SOUND))
    monkeypatch.setattr("medtrans.stages.align.register", lambda *volumes, **options: found)
    assert align(*pair(folder), "-o", folder / "failed", "--json") == 1
    out, err = capsys.readouterr()
    assert {path.name for path in (folder / "failed").iterdir()} == {"ct_aligned.json", "ct_aligned.png"}
    assert json.loads(out)["outcome"] == "failed"
    assert "they do not fit; no volume was written" in err
