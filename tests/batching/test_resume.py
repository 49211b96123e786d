import subprocess
import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import UsageError
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.translator import Identity, Translator
from tests.batching.outcomes import spoil, verdicts
from tests.translating.stand_ins import Same, ball, oblique, preparation_of, save_nifti, tiny_regression, translator_of

SCRIPT = Path(__file__).with_name("translate_slowly.py")


def test_what_is_there_is_not_replaced_unless_asked_to(cases, translator, tmp_path):
    translate_files(cases, tmp_path / "out", translator)
    ledger = (tmp_path / "out" / "ledger.jsonl").read_text()
    existing = r"out: 8 outputs exist: sub-0.nii.gz, sub-0.json, sub-1.nii.gz and 5 more; give --overwrite, or --resume"
    with pytest.raises(UsageError, match=existing):
        translate_files(cases, tmp_path / "out", translator)
    assert (tmp_path / "out" / "ledger.jsonl").read_text() == ledger
    assert verdicts(translate_files(cases, tmp_path / "out", translator, overwrite=True)) == ["done"] * 4


def test_resuming_skips_what_the_ledger_proves(cases, translator, tmp_path):
    translate_files(cases, tmp_path / "out", translator)
    assert verdicts(translate_files(cases, tmp_path / "out", translator, resume=True)) == ["skipped"] * 4


def test_resuming_redoes_what_changed_or_went_missing(cases, translator, tmp_path):
    translate_files(cases, tmp_path / "out", translator)
    voxels, _ = ball((9, 8, 7), seed=77)
    save_nifti(cases / "sub-0.nii.gz", voxels, oblique())
    (tmp_path / "out" / "sub-1.nii.gz").unlink()
    (tmp_path / "out" / "sub-2.json").unlink()
    outcomes = translate_files(cases, tmp_path / "out", translator, resume=True)
    assert verdicts(outcomes) == ["done", "done", "done", "skipped"]
    assert np.array_equal(nib.load(tmp_path / "out" / "sub-0.nii.gz").dataobj, voxels[0].astype(np.int16))


def test_resuming_redoes_all_for_another_model_or_other_settings(cases, translator, tmp_path):
    translate_files(cases, tmp_path / "out", translator)
    other = translator_of(Same(), identity=Identity("toy", "another hash"))
    assert verdicts(translate_files(cases, tmp_path / "out", other, resume=True)) == ["done"] * 4
    again = other.with_settings(overlap=0.25)
    assert verdicts(translate_files(cases, tmp_path / "out", again, resume=True)) == ["done"] * 4


def test_a_model_without_a_hash_proves_nothing(cases, tmp_path):
    translator = translator_of(Same())
    translate_files(cases, tmp_path / "out", translator)
    assert verdicts(translate_files(cases, tmp_path / "out", translator, resume=True)) == ["done"] * 4


def test_resuming_never_replaces_what_somebody_else_wrote(cases, translator, tmp_path):
    translate_files(cases, tmp_path / "out", translator)
    voxels, _ = ball((9, 8, 7), seed=5)
    corrected = save_nifti(tmp_path / "out" / "sub-1.nii.gz", voxels, oblique())
    before = corrected.read_bytes()
    outcomes = translate_files(cases, tmp_path / "out", translator, resume=True)
    assert verdicts(outcomes) == ["skipped", "failed", "skipped", "skipped"]
    assert "is not the file that the ledger names; move it away, or give --overwrite" in outcomes[1].message
    assert corrected.read_bytes() == before


@pytest.mark.parametrize("options", [{}, {"overwrite": True}, {"resume": True}])
@pytest.mark.parametrize("name", ["sub-0.json", "sub-2_std.nii.gz", "ledger.jsonl"])
def test_a_foreign_file_in_the_place_of_an_output_is_kept_whatever_is_asked(cases, translator, tmp_path, name, options):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_text('{"mine": 1}')
    with pytest.raises(UsageError, match=name):
        translate_files(cases, tmp_path / "out", translator, **options)
    assert [(path.name, path.read_text()) for path in (tmp_path / "out").iterdir()] == [(name, '{"mine": 1}')]


def test_a_deviation_that_is_gone_is_made_again_and_an_old_one_goes_with_its_translation(cases, tmp_path):
    one, other = (translator_of(Same(), identity=Identity("toy", name)) for name in "ab")
    both, out = Ensemble([one, other]), tmp_path / "out"
    translate_files(cases, out, both)
    assert verdicts(translate_files(cases, out, both, resume=True)) == ["skipped"] * 4
    (out / "sub-1_std.nii.gz").unlink()
    assert verdicts(translate_files(cases, out, both, resume=True)) == ["skipped", "done", "skipped", "skipped"]
    for options in ({"overwrite": True}, {"resume": True}):
        assert verdicts(translate_files(cases, out, one, **options)) == ["done"] * 4
        assert not list(out.glob("*_std*"))
        assert verdicts(translate_files(cases, out, one, resume=True)) == ["skipped"] * 4
        assert verdicts(translate_files(cases, out, both, resume=True)) == ["done"] * 4
        assert len(list(out.glob("*_std*"))) == 4


def test_a_file_that_took_the_place_of_a_failed_case_is_not_taken_for_its_output(cases, translator, tmp_path):
    """A line "failed" once let --resume replace whatever lay there."""
    spoil(cases / "sub-1.nii.gz")
    translate_files(cases, tmp_path / "out", translator)
    (tmp_path / "out" / "sub-1.nii.gz").write_bytes(b"made by hand")
    outcomes = translate_files(cases, tmp_path / "out", translator, resume=True)
    assert verdicts(outcomes) == ["skipped", "failed", "skipped", "skipped"]
    assert (tmp_path / "out" / "sub-1.nii.gz").read_bytes() == b"made by hand"


def test_an_older_output_survives_a_case_that_fails(cases, translator, tmp_path):
    translate_files(cases, tmp_path / "out", translator)
    before = (tmp_path / "out" / "sub-1.nii.gz").read_bytes()
    spoil(cases / "sub-1.nii.gz")
    outcomes = translate_files(cases, tmp_path / "out", translator, overwrite=True)
    assert verdicts(outcomes) == ["done", "failed", "done", "done"]
    assert (tmp_path / "out" / "sub-1.nii.gz").read_bytes() == before


def test_a_killed_run_leaves_whole_files_and_is_taken_up_where_it_stopped(cases, tmp_path):
    preparation = preparation_of(source_normalisation=Percentiles(), body_mask="nonzero")
    save_model(tmp_path / "model", tiny_regression(preparation), preparation, {"name": "toy"})
    for path in cases.iterdir():
        voxels, _ = ball((9, 8, 7), low=0, seed=int(path.name[4]))
        save_nifti(path, np.abs(voxels), oblique())
    command = [sys.executable, SCRIPT, cases, tmp_path / "out", tmp_path / "model"]
    child = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "written\n"
    child.kill()
    child.communicate()
    # Killed after the volume was written and before its sidecar: the ledger says "begun".
    assert not (tmp_path / "out" / "sub-0.json").exists()
    translator = Translator.load(tmp_path / "model", device="cpu")
    with pytest.raises(UsageError, match=r"sub-0\.nii\.gz: exists"):
        translate_files(cases, tmp_path / "out", translator)
    outcomes = translate_files(cases, tmp_path / "out", translator, resume=True)
    assert verdicts(outcomes) == ["done"] * 4, outcomes[0].message
    outcomes = translate_files(cases, tmp_path / "out", translator, resume=True)
    assert verdicts(outcomes) == ["skipped"] * 4
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["ledger.jsonl", *sorted(f"sub-{n}.{end}" for n in range(4) for end in ("json", "nii.gz"))]
