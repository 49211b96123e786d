"""Runs whose targets are registered with their sources: what is used, and what is left out and said."""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from medtrans.core.errors import UsageError
from medtrans.preparing.registration.align import Registration
from medtrans.preparing.registration.judgement import Judgement
from medtrans.reading.grids import LPS_TO_RAS
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import make_recipe
from medtrans.runs import RunFolder
from medtrans.stages._run_cases import run_cases
from medtrans.stages.check import check_recipe
from medtrans.stages.run import run
from medtrans.stages.train import train
from tests.preparing.registration.moved_heads import moved_head
from tests.preparing.registration.test_judgement import SOUND

PERSON, OTHER, STRANGER = "sub-1", "sub-2", "sub-3"


def recipe(root, **preparing):
    return make_recipe(
        {
            "name": "moved",
            "reading": {
                "root": str(root),
                "source": {"pattern": "*_T1.nii.gz", "modality": "MR"},
                "target": {"pattern": "*_CT.nii.gz", "modality": "CT"},
                "test_subjects": [OTHER],
            },
            "preparing": {"register": "rigid", "spacing": [9, 9, 9], "slices": 1, **preparing},
            "method": {"name": "regression", "generator": {"channels": [4, 4]}},
            "training": {"steps": 1, "batch": 1, "device": "cpu"},
            "evaluating": {"region": "volume", "report_cases": 1},
        }
    )


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    folder, truths = tmp_path_factory.mktemp("scans"), {}
    for seed, name in enumerate((PERSON, OTHER, STRANGER)):
        fixed, moving, truths[name] = moved_head(seed, millimetres=60.0 if name == PERSON else 20.0)
        write_volume(fixed, folder / f"{name}_T1.nii.gz", dtype=np.float32)
        write_volume(moving.like(np.rint(moving.voxels).astype(np.int16)), folder / f"{name}_CT.nii.gz")
    return folder, truths


@pytest.fixture
def searches(scans, monkeypatch):
    """The search finds the truth at once, and the judgement doubts the stranger. The names of what was searched."""
    folder, truths = scans
    sources = {name: read_volume(folder / f"{name}_T1.nii.gz").voxels for name in truths}
    made = []

    def found(fixed, moving, kind, **options):
        (name,) = (name for name, voxels in sources.items() if np.array_equal(voxels, fixed.voxels))
        made.append(name)
        matrix = LPS_TO_RAS @ truths[name] @ LPS_TO_RAS
        transform = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
        outcome, why = ("doubtful", ("it is of somebody else",)) if name == STRANGER else ("good", ())
        return Registration(kind, transform, Judgement(outcome, why, SOUND))

    monkeypatch.setattr("medtrans.stages.align.register", found)
    return made


def test_a_doubtful_pair_is_left_out_and_named_by_terminal_page_and_card(scans, searches, tmp_path):
    assert not [finding for finding in check_recipe(recipe(scans[0])) if finding.severity == "refuse"]
    result = run(recipe(scans[0]), tmp_path)
    assert sorted(searches) == [PERSON, OTHER, STRANGER], "each pair once, though the run asks several times"
    assert not result.failed
    said = f"{STRANGER}: the registration is doubtful: it is of somebody else; it is left out of training"
    assert f"warning: {said}" in result.to_text()
    page, card = result.report.read_text(), (RunFolder(tmp_path).model / "MODEL_CARD.md").read_text()
    assert said in page
    assert "brought there by registration to their sources (a rigid transform, mutual information" in page
    assert "judged good were used; 1 case left out" in page
    assert "1 train" in page
    assert "- left out: 1" in card
    assert "preparing.keep_doubtful: true uses it" in train(recipe(scans[0]), tmp_path).to_text()


def test_targets_lie_on_the_grid_of_their_sources_and_what_their_scan_did_not_reach_is_padding(
    scans, searches, tmp_path
):
    cases, _ = run_cases(recipe(scans[0]), RunFolder(tmp_path))
    source, target = (read_volume(path[0]) for path in (cases[0].sources, cases[0].targets))
    assert source.shares_grid_with(target)
    assert target.voxels.min() == -3024
    assert 0.02 < np.mean(target.voxels == -3024) < 0.9
    head = source.voxels[0] > np.percentile(source.voxels, 80)
    assert np.mean(target.voxels[0][head] > -300) > 0.5, "tissue lies on tissue"


def test_a_doubtful_pair_is_used_when_asked_for_and_still_named(scans, searches, tmp_path):
    cases, findings = run_cases(recipe(scans[0], keep_doubtful=True), RunFolder(tmp_path))
    assert [case.subject for case in cases] == [PERSON, OTHER, STRANGER]
    assert [finding.code for finding in findings] == ["alignment-doubtful"]


def test_a_registration_is_made_again_where_its_files_or_its_images_changed(scans, searches, tmp_path):
    run_cases(recipe(scans[0]), RunFolder(tmp_path))
    (RunFolder(tmp_path).registered / PERSON / f"{PERSON}_CT_aligned.nii.gz").write_bytes(b"damaged")
    run_cases(recipe(scans[0]), RunFolder(tmp_path))
    assert searches[3:] == [PERSON]
    run_cases(recipe(scans[0], register="affine"), RunFolder(tmp_path))
    assert searches[4:] == [PERSON, OTHER, STRANGER]


def test_a_change_mask_goes_with_the_target_on_whose_grid_it_lies(scans, searches, tmp_path):
    settings, run_folder = recipe(scans[0]), RunFolder(tmp_path / "run")
    grids = {PERSON: "CT", OTHER: "T1"}
    for name, side in grids.items():
        volume = read_volume(scans[0] / f"{name}_{side}.nii.gz")
        write_volume(volume.like((volume.voxels > 300).astype(np.uint8)), tmp_path / f"{name}_change.nii.gz")
    cases = [
        replace(case, change=tmp_path / f"{case.subject}_change.nii.gz" if case.subject in grids else None)
        for case in settings.cases()
    ]
    moved, kept = (case for case in run_cases(settings, run_folder, cases)[0])
    assert kept.change == tmp_path / f"{OTHER}_change.nii.gz", "it lies on the grid of the source"
    change, target = read_volume(moved.change), read_volume(moved.targets[0])
    assert change.shares_grid_with(target)
    bone = target.voxels > 300
    assert 2 * (bone & (change.voxels > 0)).sum() > 0.8 * (bone.sum() + change.voxels.sum())
    before = len(searches)
    run_cases(settings, run_folder, cases)
    assert len(searches) == before
    volume = read_volume(cases[0].change)
    write_volume(volume.like(1 - volume.voxels), cases[0].change, overwrite=True)
    run_cases(settings, run_folder, cases)
    assert searches[before:] == [PERSON], "made again, since the change mask is another one"


def test_a_run_without_a_training_pair_says_why(scans, searches, tmp_path):
    settings = recipe(scans[0])
    cases = [case for case in settings.cases() if case.subject != PERSON]
    with pytest.raises(UsageError, match="no training pair is left: the registration is doubtful"):
        run_cases(settings, RunFolder(tmp_path), cases)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"method": {"name": "vae"}}, "each image is its own target"),
        ({"degrading": {"chain": [{"name": "blur"}]}}, "source and target are made from one file"),
    ],
)
def test_registration_without_a_target_of_its_own_is_refused(changes, said, tmp_path):
    reading = {"source": {"pattern": "*.nii.gz", "modality": "MR"}}
    plain = {"reading": reading, "preparing": {"register": "rigid"}, "method": {"name": "regression"}, **changes}
    plain["evaluating"] = {"preset": "mr-percentile"}
    with pytest.raises(UsageError, match=said):
        make_recipe(plain)


def test_label_maps_are_not_registered(tmp_path):
    reading = {
        "source": {"pattern": "*_T1.nii.gz", "modality": "MR"},
        "target": {"pattern": "*_labels.nii.gz", "modality": "labels"},
    }
    with pytest.raises(UsageError, match="compares images, but label maps are read"):
        make_recipe({"reading": reading, "preparing": {"register": "rigid"}, "method": {"name": "segmenter"}})


@pytest.mark.parametrize(
    ("preparing", "refused"),
    [
        ({"register": "deformable"}, True),
        ({"register": "deformable", "keep_doubtful": True}, False),
        ({"register": "affine"}, False),
    ],
)
def test_a_deformation_between_mr_and_ct_is_refused_unless_doubtful_pairs_are_kept(preparing, refused):
    reading = {
        "source": {"pattern": "*_T1.nii.gz", "modality": "MR"},
        "target": {"pattern": "*_CT.nii.gz", "modality": "CT"},
    }
    values = {"reading": reading, "preparing": preparing, "method": {"name": "regression"}}
    with pytest.raises(UsageError, match="never judged better than doubtful") if refused else nullcontext():
        make_recipe(values)
