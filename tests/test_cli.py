"""The command line in a child process: exit codes, and one line per error."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

import medtrans
from medtrans.catalogue import find_recipe
from medtrans.cli import COMMANDS
from medtrans.core.renamed_keys import OPTIONS
from medtrans.core.sealed_json import seal
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from medtrans.stages.train import train

SAMPLES = Path(__file__).parent.parent / "sample_data"


def shell(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "medtrans", *map(str, words)], capture_output=True, text=True, timeout=300, **options
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model trained for four steps: its images are poor, everything else holds."""
    folder = tmp_path_factory.mktemp("run")
    recipe = load_recipe(find_recipe("t1_to_t2"), ["method.generator.channels=[4, 8]"], quick=True)
    return train(recipe, folder).model


def test_help_lists_every_verb_without_torch():
    words = (
        "import sys; sys.argv = ['medtrans', '--help']; from medtrans.cli import main\ntry: main()\nexcept SystemExit:"
    )
    script = words + " print('torch' in sys.modules, 'monai' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    for verb in COMMANDS:
        assert f"  {verb}" in done.stdout
    assert done.stdout.endswith("False False False\n")


def test_the_version_is_printed():
    assert shell("--version").stdout == f"medtrans {medtrans.__version__}\n"


def test_minus_h_is_help_and_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "medtrans", "list", "-h"], capture_output=True, text=True)
    assert done.stdout == shell("list", "--help").stdout
    assert "Usage: medtrans list" in done.stdout


EVALUATE = ["evaluate", "--translated", "a.nii", "--target", "b.nii", "--preset"]


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["translat"], 2, "translat"),
        (["run", "no_such_recipe"], 2, "neither a recipe file nor a pipeline"),
        (["run", "t1_to_t2", "--set", "training.stepz=1"], 2, "did you mean 'steps'"),
        (["list", "methodes"], 2, "did you mean 'methods'"),
        (["list"], 2, "Missing argument 'what'; see medtrans list --help"),
        ([*EVALUATE, "synthrad"], 2, "did you mean"),
        ([*EVALUATE, "mr-percentile", "--metric", "bone_dice"], 2, "is for CT only"),
        ([*EVALUATE, "synthrad2025", "--metric", "{name: nmi, bins: 0}"], 2, "greater than or equal to 2"),
        (["translate", "-i", "nowhere.nii.gz", "-o", "out.nii.gz", "-m", "no_model"], 4, "neither a model folder"),
        (["check", "nowhere.nii.gz"], 3, None),
    ],
)
def test_every_mistake_gives_one_line_and_its_exit_code(words, code, expected, tmp_path):
    done = shell(*words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if expected:
        (line,) = done.stderr.strip().splitlines()
        assert line.startswith("medtrans: error: ")
        assert expected in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("old", "new"), OPTIONS.items())
def test_an_old_option_is_refused_with_the_new_name(old, new, tmp_path):
    for word in (old, f"{old}=x"):
        done = shell("evaluate", word, "x", cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr == f"medtrans: error: {old}: is the old name of an option; write {new}\n"


def test_debug_shows_the_traceback(tmp_path):
    done = shell("run", "no_such_recipe", "--debug", cwd=tmp_path)
    assert "Traceback" in done.stderr


def test_a_file_is_translated_in_place_and_marked(model, tmp_path):
    source = SAMPLES / "sub-00_T1.nii.gz"
    done = shell("translate", "-i", source, "-o", tmp_path / "out.nii.gz", "-m", model, "--json", "--threads", 1)
    assert done.returncode == 0, done.stderr
    (outcome,) = json.loads(done.stdout)
    assert outcome["verdict"] == "done"
    made, given = nib.load(tmp_path / "out.nii.gz"), nib.load(source)
    assert made.header["descrip"].tobytes().startswith(b"SYNTHETIC medtrans")
    assert np.array_equal(made.affine, given.affine)
    assert json.loads(next(tmp_path.glob("*.json")).read_text())["SYNTHETIC"] is True


def test_several_inputs_are_contrasts_of_one_case(model, tmp_path):
    contrasts = ["-i", SAMPLES / "sub-00_T1.nii.gz", "-i", SAMPLES / "sub-00_T2.nii.gz"]
    done = shell("translate", *contrasts, "-o", tmp_path / "out.nii.gz", "-m", model)
    assert done.returncode == 3
    assert "has 2 channels, the model takes 1" in done.stderr


def test_the_mirrored_mean_is_an_option(model, tmp_path):
    words = ["translate", "-i", SAMPLES / "sub-00_T1.nii.gz", "-o", tmp_path / "out.nii.gz", "-m", model, "--mirror"]
    assert shell(*words, "--threads", 1).returncode == 0
    assert json.loads((tmp_path / "out.json").read_text())["model"]["settings"]["mirror"] == "left_right"
    assert "in twice the time" in " ".join(shell("translate", "--help").stdout.split())


def test_several_models_are_averaged(model, tmp_path):
    other = shutil.copytree(model, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    config["card"]["name"] = "other"
    (other / "config.json").write_bytes(seal(config))
    words = ["translate", "-i", SAMPLES / "sub-00_T1.nii.gz", "-o", tmp_path / "out.nii.gz", "-m", model, "-m"]
    done = shell(*words, model)
    assert done.returncode == 2, done.stderr
    assert "is given twice" in done.stderr
    assert not list(tmp_path.glob("out*"))
    done = shell(*words, other)
    assert done.returncode == 0, done.stderr
    assert len(json.loads((tmp_path / "out.json").read_text())["model"]["mean_of"]) == 2
    assert not np.asanyarray(nib.load(tmp_path / "out_std.nii.gz").dataobj).any()


def test_an_output_is_replaced_only_with_overwrite(model, tmp_path):
    words = ["translate", "-i", SAMPLES / "sub-00_T1.nii.gz", "-o", tmp_path / "out.nii.gz", "-m", model]
    (tmp_path / "out.nii.gz").write_bytes(b"mine")
    done = shell(*words)
    assert done.returncode == 2, done.stderr
    assert "--overwrite" in done.stderr
    assert (tmp_path / "out.nii.gz").read_bytes() == b"mine"
    assert shell(*words, "--overwrite").returncode == 0


def test_one_bad_file_does_not_stop_a_folder(model, tmp_path):
    cases = tmp_path / "in"
    cases.mkdir()
    for name in ("a", "c"):
        (cases / f"{name}.nii.gz").write_bytes((SAMPLES / "sub-00_T1.nii.gz").read_bytes())
    (cases / "b.nii.gz").write_bytes((SAMPLES / "sub-01_T1.nii.gz").read_bytes()[:5000])
    done = shell("translate", "-i", cases, "-o", tmp_path / "out", "-m", model)
    assert done.returncode == 1
    assert sorted(path.name for path in (tmp_path / "out").glob("*.nii.gz")) == ["a.nii.gz", "c.nii.gz"]
    assert re.search(r"medtrans: error: .*b\.nii\.gz.*copy it again", done.stderr)


def test_parts_share_a_folder(model, tmp_path):
    cases = tmp_path / "in"
    cases.mkdir()
    for name in "abc":
        (cases / f"{name}.nii.gz").write_bytes((SAMPLES / "sub-00_T1.nii.gz").read_bytes())
    for part in (0, 1):
        words = ["--num-parts", 2, "--part-id", part]
        assert shell("translate", "-i", cases, "-o", tmp_path / "out", "-m", model, *words).returncode == 0
    assert len(list((tmp_path / "out").glob("*.nii.gz"))) == 3
    slurm = {**os.environ, "SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_ARRAY_TASK_MIN": "6"}
    done = shell("translate", "-i", cases, "-o", tmp_path / "slurm", "-m", model, env=slurm)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "slurm").glob("*.nii.gz")] == ["b.nii.gz"]


def test_scores_as_json_state_their_definition(tmp_path):
    ct, mask = SAMPLES / "sub-00_CT.nii.gz", SAMPLES / "sub-00_mask.nii.gz"
    words = ["--translated", ct, "--target", ct, "--mask", mask, "--preset", "synthrad2025"]
    metrics = ["--metric", "nmi", "--metric", "{name: tissue_error, tissue: bone}"]
    done = shell("evaluate", *words, *metrics, "--json", "-o", tmp_path / "scores.csv")
    found = json.loads(done.stdout)
    assert found["definition"]["preset"] == "synthrad2025"
    (case,) = found["cases"]
    assert case["scores"]["mae"] == 0
    assert case["scores"]["ms_ssim"] == pytest.approx(1)
    assert case["scores"]["nmi"] == pytest.approx(2)
    assert case["scores"]["tissue_error[tissue=bone]"] == 0
    assert (tmp_path / "scores.csv").read_text().startswith("case,")


def test_different_grids_are_refused(tmp_path):
    moved = nib.load(SAMPLES / "sub-00_CT.nii.gz")
    affine = moved.affine.copy()
    affine[0, 3] += 5
    nib.save(nib.Nifti1Image(np.asanyarray(moved.dataobj), affine), tmp_path / "moved.nii.gz")
    words = ["--translated", tmp_path / "moved.nii.gz", "--target", SAMPLES / "sub-00_CT.nii.gz"]
    done = shell("evaluate", *words, "--preset", "synthrad2025")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr


def test_check_writes_nothing_and_lists_problems(tmp_path):
    good = nib.load(SAMPLES / "sub-00_T1.nii.gz")
    voxels = good.get_fdata(dtype=np.float32)
    voxels[3, 3, 3] = np.nan
    nib.save(nib.Nifti1Image(voxels, good.affine), tmp_path / "nan.nii.gz")
    before = sorted(tmp_path.rglob("*"))
    done = shell("check", tmp_path)
    assert done.returncode == 3
    assert "nan" in done.stdout
    assert sorted(tmp_path.rglob("*")) == before
    assert shell("check", "t1_to_t2").returncode == 0


def test_phantoms_are_written_as_cases(tmp_path):
    done = shell("phantoms", "-o", tmp_path, "--count", 1, "--contrasts", "T2,CT", "--spacing", 6)
    assert done.returncode == 0, done.stderr
    assert read_volume(tmp_path / "sub-00_CT.nii.gz").voxels.min() == -1024
    assert {path.name for path in tmp_path.iterdir()} == {f"sub-00_{k}.nii.gz" for k in ("T2", "CT", "mask")}


def test_phantoms_have_the_given_lesions(tmp_path):
    words = ["phantoms", "-o", tmp_path, "--count", 1, "--contrasts", "FLAIR", "--spacing", 6]
    done = shell(*words, "--lesion", "20@30,-20,30", "--lesion", 12)
    assert done.returncode == 0, done.stderr
    lesion = read_volume(tmp_path / "sub-00_lesion.nii.gz")
    volume = lesion.voxels.sum() * 6**3
    assert volume == pytest.approx(np.pi / 6 * (20**3 + 12**3), rel=0.15)
    i, j, k, _ = np.linalg.inv(lesion.affine) @ [30, -20, 30, 1]
    assert lesion.voxels[0, round(i), round(j), round(k)] == 1
    done = shell(*words, "--lesion", "8@1,2")
    assert done.returncode == 2
    assert "is not MM or MM@R,A,S" in " ".join(done.stderr.split())


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_interrupted_run_says_so_and_resumes(number, code, tmp_path):
    words = ["run", "t1_to_t2", "--quick", "-o", tmp_path / "run", "--set", "method.generator.channels=[4, 8]"]
    words += ["--set", "training.steps=40", "--set", "training.checkpoint_every=1", "--threads", "1"]
    running = subprocess.Popen(
        [sys.executable, "-m", "medtrans", *map(str, words)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "run/checkpoints/last.ckpt").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(number)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == code, errors
    assert "interrupted" in errors.splitlines()[-1]
    done = shell(*words)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run/report.html").exists()
