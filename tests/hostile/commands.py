"""Commands in this process, with their exit codes, and small inputs of every verb that writes."""

import shutil

import numpy as np
import yaml

from medtrans.cli import app
from medtrans.cli.exit_codes import report_error
from medtrans.core.volume import Volume
from medtrans.models.folder import save_model
from medtrans.reading import temporary_files
from medtrans.reading.volumes import write_volume
from tests.hostile.faults import Killed
from tests.methods.tiny import tiny
from tests.translating.stand_ins import preparation_of

RECIPE = {
    "name": "tiny",
    "reading": {
        "root": "cases",
        "source": {"pattern": "*_T1.nii.gz", "modality": "MR"},
        "target": {"pattern": "*_T2.nii.gz", "modality": "MR"},
        "test_subjects": ["sub-2"],
        "validation_fraction": 0.5,
    },
    "preparing": {"spatial_dims": 2, "patch": [8, 8], "target_normalisation": {"name": "percentiles"}},
    "method": {"name": "regression", "generator": {"name": "unet", "channels": [4, 8]}},
    "training": {
        "steps": 2,
        "batch": 1,
        "validate_every": 1,
        "checkpoint_every": 1,
        "log_every": 1,
        "monitor": "mae",
        "device": "cpu",
        "seed": 3,
    },
    "evaluating": {"preset": "mr-percentile", "region": "volume"},
}


def command(*arguments) -> int:
    """The exit code of a command. The process is a new one: it removes the strays of others once more."""
    words = [str(word) for word in arguments]
    temporary_files.remove_strays_once.cache_clear()
    try:
        code = app(words, prog_name="medtrans", standalone_mode=False)
    except Killed:
        raise
    except BaseException as reason:
        return report_error(reason, words)
    return code if isinstance(code, int) else 0


def image(path, seed, shape=(12, 11, 10)):
    """A bright, textured box in a dark noise."""
    rng = np.random.default_rng(seed)
    voxels = np.abs(rng.normal(3, 1, shape)).astype(np.float32)
    voxels[2:-2, 2:-2, 2:-2] += rng.normal(300, 40, [side - 4 for side in shape]).astype(np.float32)
    write_volume(Volume(voxels[None], np.diag([2.0, 2.0, 2.5, 1.0])), path, dtype=np.int16)


def cohort(folder):
    """Three subjects, and the recipe of a run on them."""
    for number in range(3):
        image(folder / "cases" / f"sub-{number}_T1.nii.gz", number)
        image(folder / "cases" / f"sub-{number}_T2.nii.gz", 10 + number)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE))
    return folder / "recipe.yaml"


def image_sets(folder):
    """Translations, targets and label maps of two subjects, by the names of their folders."""
    for number in range(2):
        for kind, seed in (("translated", number), ("target", 10 + number)):
            image(folder / kind / f"sub-{number}.nii.gz", seed)
        labels = np.zeros((1, 12, 11, 10), np.uint8)
        labels[0, 2:-2, 2:-2, 2:-2] = 1
        write_volume(Volume(labels, np.diag([2.0, 2.0, 2.5, 1.0])), folder / "labels" / f"sub-{number}.nii.gz")
    return folder


def sampler(folder):
    """The model folder of a method that samples."""
    save_model(folder, tiny("vae"), preparation_of(patch=(16, 16)), {})
    return folder


def restored(folder, state):
    """`folder` is as `state` is, or empty."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(state, folder) if state else folder.mkdir(parents=True)


def assert_told(outcome, fault, capsys, codes=(0, 5)):
    """A killed command says nothing; one that failed has its exit code and one sentence."""
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("medtrans: error: ")]
    if fault.startswith("kill"):
        assert isinstance(outcome, Killed), fault
        return
    assert outcome in codes, (fault, outcome, said)
    assert len(said) == (outcome == 5), (fault, said)
