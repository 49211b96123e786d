import subprocess
import sys

import pytest

from medtrans.core.errors import UsageError
from medtrans.evaluating.segmentation.label_maps import of_options
from medtrans.reading.volumes import write_volume
from medtrans.stages.evaluate import evaluate
from tests.evaluating.scored_volumes import ct, mask

HEAVY = (
    "torch",
    "monai",
    "torchio",
    "matplotlib",
    "pydantic",
    "SimpleITK",
    "jinja2",
    "lightning_fabric",
    "scipy.stats",
)


@pytest.fixture
def pair(tmp_path):
    write_volume(ct(20), tmp_path / "translated.nii.gz")
    write_volume(ct(), tmp_path / "target.nii.gz")
    write_volume(mask(), tmp_path / "labels.nii.gz")
    return tmp_path


def test_scores_and_structures_are_written_as_csv(pair):
    labels = pair / "labels.nii.gz"
    task = of_options(labels, labels, "{body: 1}", 2.0)
    paths = pair / "translated.nii.gz", pair / "target.nii.gz", None
    found = evaluate(*paths, "synthrad2023", pair / "out.csv", metrics=["ncc"], segmentation=task)
    assert {"mae", "psnr", "ssim", "ncc", "dice[body]"} <= {score.metric.label for score in found.scores}
    assert "dice[body]" in (pair / "out.csv").read_text()
    assert (pair / "out_structures.csv").read_text().splitlines()[1].startswith("translated,translated,translated,body")


def test_a_wrong_preset_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(UsageError, match="did you mean 'synthrad2025'"):
        evaluate(tmp_path / "no", tmp_path / "no", None, "synthrad205")


def test_it_starts_without_torch_and_all_that_is_slow_to_import(pair):
    program = (
        "import sys; from pathlib import Path; from medtrans.stages.evaluate import evaluate; "
        f"evaluate(Path('{pair}/translated.nii.gz'), Path('{pair}/target.nii.gz'), None, 'synthrad2023'); "
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
