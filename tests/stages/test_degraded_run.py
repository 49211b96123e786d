"""Runs whose sources are made from their targets: all stages, on the sample data."""

import json

import numpy as np
import pytest

from medtrans.catalogue import find_recipe
from medtrans.cli import run_command
from medtrans.core.errors import UsageError
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe, make_recipe
from medtrans.runs import RunFolder
from medtrans.stages._run_cases import run_cases
from medtrans.stages.check import check_recipe
from medtrans.stages.run import run
from medtrans.stages.translate import translate

CHANGES = ["training.device=cpu", "evaluating.report_cases=1"]
NULL_SPACE = [
    "degrading={null_space: true, chain: [{name: undersampling, plane: axial}]}",
    "translating={data_consistency: 0, grid: source}",
    "preparing={spatial_dims: 2, patch: [], spacing: null, augmentation: []}",
    "method={name: regression, residual: false, generator: {name: unet, channels: [8, 8, 8]}}",
]


def recipe(*changes):
    return load_recipe(find_recipe("thick_to_thin"), [*CHANGES, *changes], quick=True)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A run that was interrupted in the middle, and taken up."""
    folder = tmp_path_factory.mktemp("degraded") / "run"
    paths = RunFolder(folder)

    def interrupt(stage, what, done, left=None):
        if stage == "training" and what.startswith("step 3/"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(recipe("training.checkpoint_every=2"), folder, on_progress=interrupt)
    return run(recipe("training.checkpoint_every=2"), folder), paths


def test_each_case_is_degraded_once_and_scored_against_its_target(done):
    result, paths = done
    assert not result.failed
    cases, _ = run_cases(recipe("training.checkpoint_every=2"), paths)
    assert {case.sources[0].parent for case in cases} == {paths.degraded}
    source, target = (read_volume(files[0]) for files in (cases[0].sources, cases[0].targets))
    assert source.shares_grid_with(target)
    assert not np.allclose(source.voxels, target.voxels)
    record = json.loads((paths.degraded / f"{cases[0].name}.json").read_bytes())["degradations"]
    assert [step["name"] for step in record] == ["thick_slices", "rician_noise"]
    assert {"translated", "copied source", "intensity lookup"} <= result.scores.keys()


def test_a_training_that_is_taken_up_is_that_of_one_piece_bit_by_bit(done, tmp_path):
    _, paths = done
    whole = run(recipe("training.checkpoint_every=2"), tmp_path / "whole")
    assert whole.resumed == ""
    weights = [(folder / "model" / "model.safetensors").read_bytes() for folder in (paths.path, whole.folder)]
    assert weights[0] == weights[1]


def test_report_and_card_say_what_the_degradation_was(done):
    _, paths = done
    page, card = paths.report.read_text(), (paths.model / "MODEL_CARD.md").read_text()
    for text in (page, card):
        assert "thick slices (millimetres 8-12" in text
        assert "drawn anew for every 2 training items" in text
        assert "once (seed 0) for each validation and test case" in text


def test_a_degraded_file_that_was_changed_is_made_again(done):
    _, paths = done
    settings = recipe("training.checkpoint_every=2")
    file = run_cases(settings, paths)[0][0].sources[0]
    before = read_volume(file).voxels
    file.write_bytes(b"damaged")
    assert np.array_equal(read_volume(run_cases(settings, paths)[0][0].sources[0]).voxels, before)


def test_a_thick_scan_is_translated_to_the_voxels_of_the_model(done, tmp_path):
    _, paths = done
    thin = recipe().reading.root / "sub-05_T1.nii.gz"
    words = ["degrade", "-i", str(thin), "-o", str(tmp_path / "thick.nii.gz"), "--modality", "MR"]
    assert run_command([*words, "--with", "thick_slices:millimetres=10"]) == 0
    translate(tmp_path / "thick.nii.gz", tmp_path / "thin.nii.gz", [paths.model])
    thick, made = (read_volume(tmp_path / f"{name}.nii.gz") for name in ("thick", "thin"))
    assert thick.spacing[2] == pytest.approx(10)
    assert made.spacing == pytest.approx((4, 4, 4))
    extents = [np.array(volume.shape) * volume.spacing for volume in (thick, made)]
    assert extents[0] == pytest.approx(extents[1], abs=4)


def test_the_cases_are_checked(done):
    assert not [finding for finding in check_recipe(recipe()) if finding.severity == "refuse"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (["degrading.chain=[{name: low_dose}]"], "is no degradation of MR"),
        (["degrading.chain=[{name: thick_slice}]"], "did you mean 'thick_slices'"),
        (["degrading.chain=[{name: blur, mm: 2}]"], "no setting named 'mm'"),
        (["degrading.chain=[{name: motion, millimetres: -1}]"], "millimetres is at least 0 mm and degrees"),
        (["method={name: cyclegan}"], "not trained with pairs"),
        (["reading.source={pattern: '*_T2.nii.gz', modality: MR}"], "degrading makes the sources"),
        (["degrading.items_per_draw=0"], "items_per_draw"),
        (["translating.grid=model", "preparing.spacing=null"], "sets no voxel size"),
        (
            ["translating.data_consistency=0"],
            "made by rician_noise; set null, or degrade by one",
        ),
        (["degrading.null_space=true"], "null_space: needs one linear degradation"),
        ([*NULL_SPACE, "preparing.spatial_dims=3"], "in whole slices that are not moved"),
        ([*NULL_SPACE, "preparing.augmentation=[{name: flip}]"], "in whole slices that are not moved"),
        ([*NULL_SPACE, "method={name: pix2pix}"], "is no objective of Pix2Pix; take the method regression"),
        ([*NULL_SPACE, "translating.data_consistency=null"], "set translating.data_consistency: 0"),
        ([*NULL_SPACE, "preparing.plane=sagittal"], "acts within sagittal slices, which undersampling does not"),
        (["translating.posterior_sampling=0"], "translating.posterior_sampling: needs one linear degradation"),
        (
            ["translating.data_consistency=0", "degrading.chain=[{name: blur}, {name: blur}]"],
            "by a chain of degradations",
        ),
    ],
)
def test_what_does_not_fit_is_refused_when_the_recipe_is_read(changes, sentence):
    with pytest.raises(UsageError, match=sentence):
        recipe(*changes)


def test_data_consistency_is_refused_before_the_training_where_a_ct_does_not_hold_its_projections():
    changes = ["translating.data_consistency=0.01", "degrading.chain=[{name: limited_angle}]"]
    with pytest.raises(UsageError, match="sources are made by limited_angle; set null, or degrade by one of aniso"):
        load_recipe(find_recipe("low_dose_to_full_dose"), changes)
    changes[-1] = "degrading.chain=[{name: sparse_views}]"
    assert load_recipe(find_recipe("low_dose_to_full_dose"), changes).translating.data_consistency == 0.01


def test_a_null_space_network_is_trained_validated_and_tested_with_what_its_sources_measure(tmp_path):
    result = run(recipe(*NULL_SPACE, "training.steps=4", "training.validate_every=4"), tmp_path / "run")
    assert not result.failed
    paths = RunFolder(tmp_path / "run")
    assert result.scores["translated"]["measurement_residual"] < 0.1
    assert "validation" in (paths.path / "journal.csv").read_text()


def test_the_resolved_recipe_reads_as_itself(done):
    settings = recipe()
    assert make_recipe(settings.to_dict()) == settings
    assert "degrading" not in load_recipe(find_recipe("t1_to_t2")).to_dict()
