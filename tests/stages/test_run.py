import os
import subprocess
import sys

import pytest
from safetensors.torch import load_file

from medtrans.core.errors import InputRefused, UsageError
from medtrans.phantoms.anatomy import Lesion
from medtrans.reading.files import read_volume
from medtrans.recipe import load_recipe
from medtrans.stages import run as stages
from medtrans.training.journal import read_journal

SMALL = ["method.generator.channels=[4, 8]", "training.steps=3", "training.device=cpu"]


def recipe(*changes):
    return load_recipe(stages.find_recipe("t1_to_t2"), [*SMALL, *changes], quick=True)


def test_a_folder_of_another_run_is_refused(tmp_path):
    stages.train(recipe(), tmp_path)
    with pytest.raises(UsageError, match="another recipe"):
        stages.train(recipe("training.seed=5"), tmp_path)


def test_conditions_that_a_method_would_not_listen_to_are_refused(tmp_path):
    with pytest.raises(UsageError, match="registered makes no use of them"):
        stages.train(recipe("method={name: registered}", "preparing.conditions=[months]"), tmp_path)
    assert not any(tmp_path.iterdir())


def test_no_training_case_is_answered(tmp_path):
    everyone = "reading.hold_out=[sub-00, sub-01, sub-02, sub-03, sub-04, sub-05]"
    with pytest.raises(UsageError, match="no training case"):
        stages.train(recipe(everyone, "training.batch=2", "preparing.source={name: linear}"), tmp_path)


def test_a_metric_asked_for_besides_may_choose_the_model(tmp_path):
    also = "evaluating.also=[ncc, {name: nmi, bins: 32}]"
    stages.train(recipe("training.best=nmi[bins=32]", also), tmp_path)
    (row,) = [row for row in read_journal(tmp_path / "journal.csv") if "validation/mae" in row]
    assert row["validation/nmi[bins=32]"] > 0
    assert "validation/ncc" not in row
    assert (tmp_path / "model" / "model.safetensors").is_file()


def test_check_names_a_source_that_has_no_target(tmp_path):
    for path in recipe().reading.root.glob("*.nii.gz"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    asked = [f"reading.root={tmp_path}"]
    assert not stages.check("t1_to_t2", asked)
    (tmp_path / "sub-03_T2.nii.gz").unlink()
    (finding,) = stages.check("t1_to_t2", asked)
    assert (finding.where, finding.severity) == (str(tmp_path / "sub-03_T1.nii.gz"), "warn")
    assert "belongs to no case" in finding.what


def test_a_broken_case_stops_the_run_before_it_trains(tmp_path):
    for path in recipe().reading.root.glob("*.nii.gz"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "sub-03_T2.nii.gz").write_bytes(b"broken")
    with pytest.raises(InputRefused, match="sub-03_T2"):
        stages.train(recipe(f"reading.root={tmp_path}"), tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_translation_is_in_the_unit_of_the_training_targets(tmp_path):
    result = stages.run(recipe(), tmp_path)
    assert not result.failed
    assert result.scores["mean of the training targets"]["mae"] < 0.5
    (path,) = (tmp_path / "translations").glob("*.nii.gz")
    assert read_volume(path).voxels.dtype.kind == "f"


def test_a_second_run_says_what_it_found_and_the_card_what_validation_gave(tmp_path):
    first, second = stages.run(recipe(), tmp_path), stages.run(recipe(), tmp_path)
    assert not first.resumed
    assert "resumed: training was at step 3; 1 of 1 translations were there" in second.to_text()
    mae = read_journal(tmp_path / "journal.csv")[-1]["validation/mae"]
    assert f"- mae: {mae:.4g}" in (tmp_path / "model" / "MODEL_CARD.md").read_text()


def test_torchrun_trains_the_same_model_and_speaks_once(tmp_path):
    words = ["train", "t1_to_t2", "--quick", "-o", str(tmp_path / "two")]
    for change in SMALL:
        words += ["--set", change]
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "medtrans.cli", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("model: ") == 1
    one = load_file(stages.train(recipe(), tmp_path / "one").model / "model.safetensors")
    two = load_file(tmp_path / "two" / "model" / "model.safetensors")
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 5e-3


def test_phantoms_are_painted_on_label_maps_from_a_folder(tmp_path):
    with pytest.raises(UsageError, match="holds no label map"):
        stages.make_phantoms(tmp_path, 1, ["T1"], labels=tmp_path)
    for own in ({"spacing": 3.0}, {"lesions": [Lesion(8)]}):
        with pytest.raises(UsageError, match="of their own; leave --spacing and --lesion out"):
            stages.make_phantoms(tmp_path, 1, ["T1"], labels=tmp_path, **own)
