"""What `medtrans check` passes, `run` accepts; what it refuses, `run` refuses by the same error, and leaves nothing."""

import gzip
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medtrans.catalogue import find_recipe, pipelines_folder
from medtrans.core.errors import MedtransError
from medtrans.core.volume import Volume
from medtrans.reading.checks import refusal
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import load_recipe
from medtrans.stages.dry_run import dry_run
from medtrans.stages.run import run

TINY = [
    "method.generator.channels=[4, 4]",
    "preparing.patch=[16, 16]",
    "preparing.slices=1",
    "training.steps=2",
    "training.batch=2",
    "training.device=cpu",
]


def _changed(path, change):
    volume = read_volume(path)
    write_volume(change(volume), path, overwrite=True)


def _other_grid(folder):
    _changed(folder / "sub-02_T2.nii.gz", lambda volume: Volume(volume.voxels[:, :-4], volume.affine))


def _truncated(folder):
    path = folder / "sub-03_T1.nii.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1000]))


def _empty_mask(folder):
    _changed(folder / "sub-01_mask.nii.gz", lambda volume: volume.like(np.zeros_like(volume.voxels)))


def _one_twin(folder):
    for number in range(1, 6):
        shutil.copy(folder / "sub-00_T1.nii.gz", folder / f"sub-0{number}_T1.nii.gz")


def _table(text):
    return lambda folder: (folder / "cases.csv").write_text(text)


ROWS = "".join(f"sub-0{n},sub-0{n}_T1.nii.gz,sub-0{n}_T2.nii.gz,sub-0{n}_mask.nii.gz" + ",{}\n" for n in range(6))
HEAD = "subject,source,target,mask,age\n"
TABLE = ["reading.table=FOLDER/cases.csv", "reading.mask=null"]
CONDITIONS = [*TABLE, "preparing.conditions=[age]"]
FAULTS = {
    "another grid": ([], _other_grid),
    "truncated": ([], _truncated),
    "empty mask": ([], _empty_mask),
    "same volume in two splits": ([], _one_twin),
    "no files": (["reading.source.pattern=*_T9.nii.gz"], None),
    "not enough masks": (["reading.mask=*_no.nii.gz"], None),
    "conditions unused": ([*CONDITIONS, "method={name: reggan}"], _table(HEAD + ROWS.format(*"123456"))),
    "condition missing": ([*CONDITIONS], _table(HEAD + ROWS.format(1, 2, "", 4, 5, 6))),
    "unknown primary": (["evaluating.primary=[maee]"], None),
    "no such model": (["evaluating.segmentation.model=gone"], None),
    "spacing beyond memory": (["preparing.spacing=[0.01, 0.01, 0.01]"], None),
    "spacing of a metre": (["preparing.spacing=[1000, 1000, 1000]"], None),
    "patch beyond memory": (["preparing.patch=[9000000, 9000000]"], None),
    "a norm without voxels": (
        [
            "preparing.patch=[8, 8]",
            "method.generator={name: unet, channels: [4, 4, 4, 4], norm: batch}",
            "training.batch=1",
        ],
        None,
    ),
    "no training case": (["reading.test_subjects=[sub-00, sub-01, sub-02, sub-03, sub-04, sub-05]"], None),
}
SOUND = {"a table": (TABLE, _table(HEAD + ROWS.format(*"123456")))}


def outcome(action):
    """None where it is accepted, else the class of the error."""
    try:
        result = action()
    except MedtransError as reason:
        return type(reason)
    findings = result[0] if isinstance(result, tuple) else []
    refused = any(finding.severity == "refuse" for finding in findings)
    return refusal(findings) if refused else None


def both(recipe, folder):
    """The outcomes of the dry run and of the run; neither leaves anything where it refuses, the first never."""
    place = next(parent for parent in folder.parents if parent.is_dir())
    before = sorted(place.rglob("*"))
    checked = outcome(lambda: dry_run(recipe, folder))
    assert sorted(place.rglob("*")) == before
    ran = outcome(lambda: run(recipe, folder))
    if ran is not None:
        assert sorted(place.rglob("*")) == before
    return checked, ran


@pytest.fixture
def cases(tmp_path):
    """The sample data in a folder of their own."""
    (tmp_path / "cases").mkdir()
    for path in load_recipe(find_recipe("t1_to_t2")).reading.root.glob("*.nii.gz"):
        (tmp_path / "cases" / path.name).write_bytes(path.read_bytes())
    return tmp_path / "cases"


@pytest.mark.parametrize("name", [*FAULTS, *(pytest.param(name, marks=pytest.mark.slow) for name in SOUND)])
def test_what_check_passes_is_what_run_accepts(name, cases, tmp_path):
    changes, damage = {**FAULTS, **SOUND}[name]
    if damage:
        damage(cases)
    given_changes = [f"reading.root={cases}", *TINY, *(change.replace("FOLDER", str(cases)) for change in changes)]
    recipe = load_recipe(find_recipe("t1_to_t2"), given_changes, quick=True)
    checked, ran = both(recipe, tmp_path / "runs" / "one")
    assert checked == ran
    assert (checked is None) == (name in SOUND)


def test_the_plan_says_what_a_run_will_take(cases, tmp_path):
    _changed(cases / "sub-00_T2.nii.gz", lambda volume: volume.like(np.roll(volume.voxels, 2, axis=1)))
    recipe = load_recipe(find_recipe("t1_to_t2"), [f"reading.root={cases}", *TINY, "training.steps=5000"])
    findings, plan = dry_run(recipe, tmp_path / "run")
    (doubt,) = findings
    assert (doubt.code, doubt.where) == ("doubtful-pair", "sub-00")
    assert "moved by 9.6 mm left-right" in doubt.what or "moved by 4.8 mm left-right" in doubt.what
    assert {split: own["cases"] for split, own in plan.cases.items()} == {"train": 4, "validation": 1, "test": 1}
    assert plan.voxels["source"]["median"] == [4.8, 4.8, 4.8]
    validations = 5 * plan.trial.validation
    assert plan.hours["training"] == pytest.approx((5000 * plan.trial.step + validations) / 3600)
    assert plan.files["checkpoints"] > plan.files["model"] > 0
    assert "4 train, 1 validation, 1 test; 6 subjects" in plan.to_text()


def test_a_folder_that_cannot_be_written_is_refused_by_both(cases, tmp_path):
    (tmp_path / "file").write_text("")
    recipe = load_recipe(find_recipe("t1_to_t2"), [f"reading.root={cases}", *TINY], quick=True)
    checked, ran = both(recipe, tmp_path / "file" / "run")
    assert checked == ran is not None


PIPELINES = sorted(folder.name for folder in pipelines_folder().iterdir() if (folder / "recipe.yaml").exists())
CHANGES = {
    "preparing.spatial_dims": [2, 3],
    "preparing.slices": [1, 3],
    "preparing.patch": ["[]", "[16, 16]", "[16, 16, 16]"],
    "preparing.spacing": ["null", "[6, 6, 6]", "[300, 300, 300]"],
    "preparing.body_mask": ["otsu", "nonzero", "none"],
    "preparing.orientation": ["RAS", "LPS", "ASR"],
    "preparing.plane": ["axial", "sagittal"],
    "evaluating.region": ["mask", "body", "volume"],
    "method": ["{name: regression}", "{name: pix2pix}", "{name: cyclegan}", "{name: vae}", "{name: rectified_flow}"],
    "reading.mask": ["null", "'*_mask.nii.gz'"],
    "translating.mirror": ["none", "mean"],
}


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_check_passes_is_what_run_accepts_for_any_recipe(data, tmp_path_factory):
    name = data.draw(st.sampled_from(PIPELINES))
    keys = data.draw(st.lists(st.sampled_from(sorted(CHANGES)), unique=True, max_size=3))
    changes = [f"{key}={data.draw(st.sampled_from(CHANGES[key]))}" for key in keys]
    try:
        recipe = load_recipe(find_recipe(name), changes, quick=True)
    except MedtransError:
        return
    folder = tmp_path_factory.mktemp("any") / "run"
    checked, ran = both(recipe, folder)
    assert checked == ran, (name, changes)
