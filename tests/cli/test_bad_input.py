"""Each verb with a fault in each option: exit code and sentence, at once, without torch, and nothing is written."""

import json
import subprocess
import sys

import numpy as np
import pytest

from medtrans.cli import COMMANDS
from medtrans.core.score import Evaluation
from medtrans.core.volume import Volume
from medtrans.reading.volumes import write_volume
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import write_evaluation_files
from tests.reporting.report_volumes import DEFINITION, scores

PAIR = "evaluate --translated a.nii.gz --target a.nii.gz"
SCORED = f"{PAIR} --preset synthrad2025"
TRANSLATE = "translate -i a.nii.gz -o out.nii.gz"
FOLDER = "translate -i set -o out"
ALIGN = "align --moving a.nii.gz --fixed a.nii.gz -o aligned"
DEGRADE = "degrade -i a.nii.gz -o out.nii.gz"
ROWS = [
    ("translate -o out.nii.gz", 2, "--input: is missing"),
    (f"{TRANSLATE} --from-list text.txt", 2, "--from-list: is given beside --input"),
    ("translate -i nowhere.nii.gz -o out.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    ("translate -i nowhere.nii.gz -o out.nii.gz --json", 3, "nowhere.nii.gz: does not exist"),
    (
        "translate -i text.txt -o out.nii.gz --format dicom",
        2,
        "out.nii.gz: is the name of one file, and a DICOM series is a folder of",
    ),
    ("translate --from-list nowhere.txt -o out", 3, "nowhere.txt: does not exist"),
    ("translate --from-list empty.txt -o out", 2, "empty.txt: lists nothing"),
    ("translate -i empty -o out", 3, "empty: holds no volume"),
    ("translate -i set -i a.nii.gz -o out", 2, "set: is a folder of volumes, and another input is none"),
    ("translate -i a.nii.gz -o a.nii.gz", 2, "a.nii.gz: is an input, which medtrans never overwrites"),
    ("translate -i a.nii.gz -o set/a.nii.gz", 2, "set/a.nii.gz: exists"),
    ("translate -i a.nii.gz -o out.mhd", 2, "out.mhd: is a format of two files, which cannot be replaced in one ste"),
    ("translate -i a.nii.gz -o out.dcm", 2, "out.dcm: is the name of one DICOM file, and a series is a folder of fi"),
    ("translate -i a.nii.gz -o text.txt/out.nii.gz", 5, "text.txt: cannot be written to"),
    ("translate -i set -o out.nii.gz", 2, "out.nii.gz: is one file, for several volumes"),
    (f"{TRANSLATE} -m nowhere", 4, "nowhere: is neither a model folder nor the name of a shipped model"),
    (f"{TRANSLATE} -m empty", 4, "empty: is not a model folder: it has no config.json"),
    (f"{TRANSLATE} --device tpu", 2, "device tpu: is not a device"),
    (f"{TRANSLATE} --engine tensorflow", 2, "'tensorflow' is not one of 'auto', 'torch', 'openvino'"),
    (f"{TRANSLATE} --precision float8", 2, "'float8' is not one of 'float32', 'bfloat16'"),
    (f"{TRANSLATE} --threads 0", 2, "Invalid value for '--threads': Input should be greater than or equal t"),
    (f"{FOLDER} --num-parts 2", 2, "--num-parts: is given without --part-id"),
    (f"{FOLDER} --num-parts 2 --part-id 2", 2, "--part-id: 2 is not among the 2 parts 0 … 1"),
    (f"{TRANSLATE} --num-parts 2 --part-id 1", 2, "--num-parts: one case is not shared out among commands"),
    (f"{TRANSLATE} --condition age", 2, "Invalid value: --condition age is not NAME=NUMBER"),
    (f"{TRANSLATE} --mask nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    (
        f"{TRANSLATE} --mask set --mask-label 0",
        2,
        "Invalid value for '--mask-label': Input should be greater than or equa",
    ),
    (f"{TRANSLATE} --samples 0", 2, "Invalid value for '--samples': Input should be greater than or equal t"),
    (f"{TRANSLATE} --seed -1", 2, "Invalid value for '--seed': Input should be greater than or equal to 0"),
    (f"{TRANSLATE} --data-consistency 2", 2, "--data-consistency 2: is no noise relative to a signal"),
    (f"{TRANSLATE} --posterior-sampling much", 2, "--posterior-sampling much: is no noise relative to a signal"),
    (f"{TRANSLATE} --series 3", 2, "--series 3: a.nii.gz is no folder and no zip"),
    (f"{TRANSLATE} --format jpeg", 2, "'jpeg' is not one of 'auto', 'nifti', 'dicom', 'both'"),
    (f"{TRANSLATE} --format dicom", 2, "out.nii.gz: is the name of one file, and a DICOM series is a folder of"),
    (f"{TRANSLATE} --pattern *", 2, "--pattern: is for folders of volumes"),
    (f"{TRANSLATE} --recursive", 2, "--recursive: is for folders of volumes"),
    (f"{FOLDER} --pattern *.mha", 3, "set: none of its 2 volumes fits the pattern '*.mha'"),
    (f"{FOLDER} --retry-failed", 2, "--retry-failed: there is no ledger of an earlier batch in the output f"),
    (f"{FOLDER} --accept-failed nowhere.txt", 3, "nowhere.txt: does not exist"),
    (f"{FOLDER} --log", 2, "--log: has no file"),
    (f"{FOLDER} --log a.nii.gz", 2, "a.nii.gz: exists and is not a log of medtrans, so nothing is appended "),
    (f"{FOLDER} --log text.txt", 2, "text.txt: exists and is not a log of medtrans, so nothing is appended "),
    (f"{FOLDER} --fast", 2, "No such option: --fast"),
    ("run t1_to_t2 --threads 0", 2, "Invalid value for '--threads': Input should be greater than or equal t"),
    (f"{PAIR} --preset synthrad", 2, "preset: nothing is named 'synthrad'"),
    (
        "evaluate --translated nowhere.nii.gz --target a.nii.gz --preset synthrad2025",
        3,
        "nowhere.nii.gz: does not exist",
    ),
    (
        "evaluate --translated a.nii.gz --target nowhere.nii.gz --preset synthrad2025",
        3,
        "nowhere.nii.gz: does not exist",
    ),
    (
        "evaluate --translated a.nii.gz --target set --preset synthrad2025",
        2,
        "a.nii.gz: one of translation and target is a folder, the other a file",
    ),
    (f"{SCORED} --mask nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    (
        f"{SCORED} --mask a.nii.gz --mask-label 0",
        2,
        "Invalid value for '--mask-label': Input should be greater than or equa",
    ),
    (f"{SCORED} --metric nonsense", 2, "image metrics: nothing is named 'nonsense'"),
    (f"{SCORED} --uncertainty nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    (f"{SCORED} --label-maps nowhere.nii.gz", 2, "--reference-labels: is missing"),
    (f"{SCORED} --surface-tolerance -1", 2, "Invalid value for '--surface-tolerance': Input should be greater than "),
    (f"{SCORED} --threads 0", 2, "Invalid value for '--threads': Input should be greater than or equal t"),
    (f"{SCORED} -o a.nii.gz", 2, "a.nii.gz: is not the name of a table"),
    (f"{SCORED} --report text.txt", 2, "text.txt: is a file, so scores.csv cannot be written below it"),
    (f"{SCORED} --source nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    (f"{SCORED} --change nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    ("sample -m empty -o out --count 0", 2, "Invalid value for '--count' / '-n': Input should be greater than or eq"),
    ("sample -m empty -o out --device tpu", 2, "device tpu: is not a device"),
    (f"{ALIGN} --kind elastic", 2, "deformable"),
    (
        "degrade -i a.nii.gz -o out.nii.gz --with low_dose --seed -1",
        2,
        "Invalid value for '--seed': Input should be greater than or equal to 0",
    ),
    (DEGRADE, 2, "Invalid value: give either --with, or --replay"),
    (f"{DEGRADE} --with nonsense", 2, "degradations: nothing is named 'nonsense'"),
    (f"{DEGRADE} --with blur:nonsense=2", 2, "nonsense"),
    (f"{DEGRADE} --with blur@2", 2, "--with blur@2: has no probability from 0 to 1"),
    (f"{DEGRADE} --with blur --modality XX", 2, "XX"),
    (f"{DEGRADE} --replay nowhere.json", 3, "nowhere.json: does not exist"),
    (f"{DEGRADE} --replay text.txt", 3, "text.txt: "),
    (f"{DEGRADE} --with low_field --labels nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    ("degrade -i nowhere.nii.gz -o out.nii.gz --with low_dose", 3, "nowhere.nii.gz: does not exist"),
    ("degrade -i a.nii.gz -o a.nii.gz --with low_dose", 2, "a.nii.gz: is an input, which medtrans never overwrites"),
    ("align --moving nowhere.nii.gz --fixed a.nii.gz -o aligned", 3, "nowhere.nii.gz: does not exist"),
    ("align --moving a.nii.gz --fixed text.txt -o aligned", 3, "text.txt: "),
    ("align --moving a.nii.gz --fixed a.nii.gz -o text.txt", 2, "text.txt: is a file, so a_aligned.nii.gz cannot be"),
    (f"{ALIGN} --moving-modality XX", 2, "modality: 'XX' is not a modality"),
    (f"{ALIGN} --fixed-modality XX", 2, "modality: 'XX' is not a modality"),
    (f"{ALIGN} --moving-mask nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    (f"{ALIGN} --fixed-mask nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    (f"{ALIGN} --labels nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    (f"{ALIGN} --moving-series 3", 2, "--series 3: a.nii.gz is no folder and no zip"),
    (f"{ALIGN} --fixed-series 3", 2, "--series 3: a.nii.gz is no folder and no zip"),
    ("check nowhere", 3, "nowhere: does not exist, and no pipeline has that name"),
    ("check text.txt", 3, "text.txt: is neither a volume nor a recipe"),
    ("check a.nii.gz --modality XX", 2, "modality: 'XX' is not a modality"),
    ("check t1_to_t2 --modality CT", 2, "--modality: is for volumes"),
    ("phantoms -o out --count 0", 2, "Invalid value for '--count': Input should be greater than or equal to "),
    ("phantoms -o out --contrasts T9", 2, "contrast: nothing is named 'T9'"),
    ("phantoms -o out --lesion big", 2, "Invalid value: --lesion big is not MM or MM@R,A,S, for example 8 or 8@"),
    ("phantoms -o out --spacing 0", 2, "Invalid value for '--spacing': Input should be greater than or equal t"),
    ("phantoms -o out --labels nowhere.nii.gz", 3, "nowhere.nii.gz: does not exist"),
    ("phantoms -o text.txt --json", 2, "text.txt: is a file, so sub-00_T1.nii.gz cannot be written below it"),
    ("init", 2, "Missing argument 'DIR'"),
    ("init nowhere", 3, "nowhere: does not exist; give the folder of your images"),
    ("init text.txt", 3, "text.txt: is not a folder"),
    ("init set -o text.txt", 2, "text.txt: exists"),
    ("init set --minutes 0", 2, "Invalid value for '--minutes': Input should be greater than or equal to 1"),
    ("init empty", 3, "empty: holds no volume"),
    ("init set --task mri-to-ctt", 2, "--task: there is no task named 'mri-to-ctt'"),
    ("init set --task mri-to-ct", 3, "set: has no two images for the task mri-to-ct"),
    ("init set --source T9", 2, "--source: no image is called 'T9'"),
    ("schema extra", 2, "Got unexpected extra argument(s) (extra)"),
    ("export", 2, "Missing argument 'NAME|FOLDER'"),
    ("export empty -o out", 2, "Missing option '--to'"),
    ("export empty --to zip", 2, "Missing option '--output'"),
    ("export empty --to jpeg -o out", 2, "'jpeg' is not one of 'onnx', 'openvino', 'monai-bundle', 'zip'"),
    ("export nowhere --to onnx -o out", 4, "nowhere: is neither a model folder nor the name of a shipped model"),
    ("serve --port 99999", 2, "Invalid value for '--port': Input should be less than or equal to 65535"),
    ("serve --model nowhere", 4, "nowhere: is neither a model folder nor the name of a shipped model"),
    ("audit", 2, "Missing command"),
    ("audit nowhere", 2, "No such command 'nowhere'"),
    ("audit insert", 2, "Missing option '--input'"),
    ("audit insert --fast", 2, "No such option: --fast"),
    ("audit maps", 2, "Missing option '--source'"),
    ("audit maps --fast", 2, "No such option: --fast"),
    ("audit calibrate", 2, "Missing option '--source'"),
    ("check a.nii.gz --fold 0", 2, "--fold: is for recipes, and these are volumes"),
    ("check a.nii.gz --quick", 2, "--quick: is for recipes, and these are volumes"),
    ("check a.nii.gz --continue", 2, "--continue: is for recipes, and these are volumes"),
    ("check a.nii.gz --set name=b", 2, "--set: is for recipes, and these are volumes"),
    ("check a.nii.gz --folder out", 2, "--folder: is for recipes, and these are volumes"),
    ("check t1_to_t2 --fold -1", 2, "Invalid value for '--fold': Input should be greater than or equal to 0"),
    ("check t1_to_t2 --threads 0", 2, "Invalid value for '--threads': Input should be greater than or equal t"),
    ("check empty", 3, "empty: holds no volume"),
    ("run", 2, "Missing argument 'RECIPE'"),
    ("run t1_to_t2 --fold -1", 2, "Invalid value for '--fold': Input should be greater than or equal to 0"),
    ("train", 2, "Missing argument 'RECIPE'"),
    ("train t1_to_t2 --fold x", 2, "Invalid value for '--fold': Input should be a valid integer"),
    ("compare", 2, "Missing argument 'FOLDER...'"),
    ("compare scored", 2, "compare: one folder has no other to be compared with"),
    ("compare nowhere scored", 3, "nowhere: has no scores"),
    ("compare scored empty", 3, "empty: has no scores"),
    ("compare scored scored", 2, "scored: is the name of two folders"),
    ("compare scored other --primary nonsense", 2, "primary: 'nonsense' is no metric of this evaluation"),
    ("compare scored other --equivalence-margin mae", 2, "--equivalence-margin mae is not NAME=NUMBER"),
    ("compare scored other --equivalence-margin mae=-1", 2, "--equivalence-margin: mae=-1 is not an equivalence m"),
    ("compare scored other -o text.txt", 2, "text.txt: is a file, so comparison.csv cannot be written below it"),
    ("distances", 2, "Missing argument 'GENERATED'"),
    ("distances nowhere set", 3, "nowhere: does not exist"),
    ("distances set empty", 3, "empty: holds no volume"),
    ("distances set text.txt", 3, "text.txt: is not a folder"),
    ("distances set set --extractor nowhere", 4, "nowhere: is neither a model folder nor the name of a shipped model"),
    ("distances set set --plane frontal", 2, "--plane: nothing is named 'frontal'"),
    ("distances set set --slices 0", 2, "Invalid value for '--slices'"),
    ("distances set set --spacing 0", 2, "Invalid value for '--spacing'"),
    ("distances set set --extractor empty --spacing 2", 2, "--spacing: a model brings its own spacing"),
    ("distances set set --seed -1", 2, "Invalid value for '--seed'"),
    ("distances set set -o text.txt", 2, "text.txt: exists"),
    ("sample -m nowhere -o out --count 2", 4, "nowhere: is not a model folder: it has no config.json"),
    ("benchmark --threads 0", 2, "Invalid value for '--threads': Input should be greater than or equal t"),
    ("list settings trainin", 2, "settings trainin: nothing is named 'trainin'; did you mean 'training'"),
    ("list methods training", 2, "training: is given beside a list that has no keys"),
    ("list methodes", 2, "list: there is no list named 'methodes'"),
    ("list", 2, "Missing argument 'what'"),
    ("doctor --deep", 2, "No such option: --deep"),
    ("demo -o text.txt", 2, "text.txt: is a file, so report.html cannot be written below it"),
    ("demo --threads 0", 2, "Invalid value for '--threads': Input should be greater than or equal t"),
]
"""(words, exit code, a part of the sentence)."""
SCRIPT = """
import contextlib, io, json, sys
sys.modules["torch"] = None
from medtrans.cli import run_command
for words in json.load(sys.stdin):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command(words)
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """All rows, one after another in one process, in which torch cannot be loaded."""
    folder = tmp_path_factory.mktemp("inputs")
    voxels = np.random.default_rng(0).integers(-900, 1500, (1, 6, 7, 8)).astype(np.int16)
    for name in ("a", "set/a", "set/b"):
        write_volume(Volume(voxels, np.diag([2.0, 2, 2, 1])), folder / f"{name}.nii.gz")
    (folder / "text.txt").write_text("no image")
    (folder / "empty.txt").write_text("")
    (folder / "empty").mkdir()
    hashes = {name: {"mask": "1", "target": "2"} for name in "ab"}
    for name in ("scored", "other"):
        (folder / name).mkdir()
        write_evaluation_files(RunFolder(folder / name), Evaluation(DEFINITION, scores("ab"), input_hashes=hashes))
    before = sorted(folder.rglob("*"))
    words = json.dumps([row[0].split() for row in ROWS])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], input=words, capture_output=True, text=True, cwd=folder, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert sorted(folder.rglob("*")) == before, "a refused command left something behind"
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("number", range(len(ROWS)), ids=[row[0] for row in ROWS])
def test_a_fault_has_its_code_and_one_sentence_without_torch(number, results):
    words, code, sentence = ROWS[number]
    found, out, err = results[number]
    assert found == code, err
    lines = [line for line in err.splitlines() if not line.startswith("medtrans: note: ")]
    assert len(lines) == 1, err
    assert lines[0].startswith("medtrans: error: ")
    assert sentence in lines[0]
    assert "Traceback" not in out + err
    if "--json" in words:
        assert json.loads(out)["error"]["exit_code"] == code


def test_every_verb_has_a_row():
    """What train and audit check of recipes and paths needs networks: test_unreadable_inputs."""
    assert {row[0].split()[0] for row in ROWS} == set(COMMANDS)
