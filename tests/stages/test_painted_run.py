"""Runs whose pairs are painted from label maps: all stages, on the sample data."""

import numpy as np
import pytest

from medtrans.auditing.gate.signature import read_signature
from medtrans.catalogue import find_recipe
from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import load_recipe, make_recipe
from medtrans.runs import RunFolder
from medtrans.stages._gate_file import PAINTINGS
from medtrans.stages._run_cases import run_cases
from medtrans.stages._training_data import fitted_preparation
from medtrans.stages.check import check_recipe
from medtrans.stages.run import run


def recipe(*changes):
    return load_recipe(
        find_recipe("head_mr_to_ct"), ["training.device=cpu", "evaluating.report_cases=1", *changes], quick=True
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run that was interrupted in the middle, and taken up."""
    folder = tmp_path_factory.mktemp("painted") / "run"

    def interrupt(stage, what, done, left=None):
        if stage == "training" and what.startswith("step 3/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(recipe(), folder, on_progress=interrupt)
    return run(recipe(), folder), RunFolder(folder)


def test_each_case_is_painted_once_and_the_report_says_that_nothing_real_was_used(done):
    result, paths = done
    assert not result.failed
    cases, _ = run_cases(recipe(), paths)
    assert {path.parent for case in cases for path in (*case.sources, *case.targets, case.mask)} == {paths.painted}
    assert (read_volume(cases[0].targets[0]).voxels > 250).any()
    page, card = result.report.read_text(), (paths.model / "MODEL_CARD.md").read_text()
    for text in (page, card):
        assert "No real image was used: pairs of MR and CT without noise were painted from label maps" in text
    assert "chain (probability" not in page


def test_the_gate_of_the_model_is_measured_on_paintings(done):
    _, paths = done
    signature = read_signature(paths.model)
    training = sum(case.split == "train" for case in run_cases(recipe(), paths)[0])
    assert signature.images == training * PAINTINGS
    assert signature.any_contrast
    assert signature.slices_mm == 6, "as thick as the degradation makes them"


def test_a_training_that_is_taken_up_is_that_of_one_piece_bit_by_bit(done, tmp_path):
    _, paths = done
    whole = run(recipe(), tmp_path)
    weights = [(folder / "model" / "model.safetensors").read_bytes() for folder in (paths.path, whole.folder)]
    assert weights[0] == weights[1]


def test_a_pair_is_painted_again_where_it_was_changed_or_is_of_other_settings(done):
    _, paths = done
    file = run_cases(recipe(), paths)[0][0].sources[0]
    before = read_volume(file)
    write_volume(before.like(before.voxels + 1), file, overwrite=True)
    assert np.array_equal(read_volume(run_cases(recipe(), paths)[0][0].sources[0]).voxels, before.voxels)
    other = run_cases(recipe("painting.seed=1"), RunFolder(paths.path / "other"))[0][0].sources[0]
    assert not np.array_equal(read_volume(other).voxels, before.voxels)


@pytest.mark.parametrize(("name", "percentiles"), [("head_mr_to_ct", 0), ("head_any_to_t1", 1)])
def test_a_painted_mr_has_a_unit_that_no_scanner_has(name, percentiles, tmp_path):
    settings = load_recipe(find_recipe(name), quick=True)
    paths = RunFolder(tmp_path)
    fitted = fitted_preparation(settings, run_cases(settings, paths)[0], paths)
    assert len(fitted.target_percentiles) == percentiles


def test_a_number_without_a_meaning_is_named(tmp_path):
    cases = recipe().cases()
    labels = read_volume(cases[0].sources[0])
    write_volume(labels.like(np.where(labels.voxels == 2, 777, labels.voxels)), tmp_path / "sub-00_labels.nii.gz")
    write_volume(labels, tmp_path / "sub-01_labels.nii.gz")
    with pytest.raises(InputRefused, match="777"):
        run_cases(recipe(f"reading.root={tmp_path}"), RunFolder(tmp_path / "run"))


def test_label_maps_are_checked_as_label_maps():
    assert not [finding for finding in check_recipe(recipe()) if finding.severity == "refuse"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": {"name": "cyclegan"}}, "not trained with pairs"),
        ({"reading": {"source": {"pattern": "*.nii.gz", "modality": "CT"}}}, "MR is painted"),
        ({"reading": {"source": {"pattern": "*.nii.gz", "modality": "MR"}, "mask": "*_mask.nii.gz"}}, "reading.mask"),
        ({"preparing": {"register": "rigid"}}, "nothing to register"),
        ({"painting": {"target": "PET"}}, "painting"),
        ({"painting": {"target": "CT", "skull_stripped": 0.5}}, "brains without a skull"),
        (
            {"painting": {"target": "CT", "contrasts": ["CT"]}, "preparing": {"takes_ct": True}},
            "which is the target",
        ),
        ({"painting": {"target": "T1", "contrasts": ["T1", "CT"]}}, "set preparing.takes_ct: true"),
        (
            {
                "painting": {"target": None},
                "reading": {
                    "source": {"pattern": "*_a.nii.gz", "modality": "CT"},
                    "target": {"pattern": "*_b.nii.gz", "modality": "CT"},
                },
                "preparing": {"takes_ct": True},
            },
            "sources of CT",
        ),
        ({"degrading": {"chain": [{"name": "low_dose"}]}}, "low_dose"),
    ],
)
def test_what_painting_cannot_do_is_refused(changes, said):
    plain = {
        "reading": {"source": {"pattern": "*_labels.nii.gz", "modality": "MR"}},
        "painting": {"target": "CT"},
        "method": {"name": "regression"},
        **changes,
    }
    with pytest.raises(UsageError, match=said):
        make_recipe(plain)
