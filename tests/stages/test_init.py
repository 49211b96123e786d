"""`medtrans init` looks at a folder and writes a recipe that can be checked and trained."""

import shutil

import numpy as np
import pytest

from medtrans.catalogue import find_recipe
from medtrans.core.errors import InputRefused, UsageError
from medtrans.core.volume import Volume
from medtrans.reading.fingerprint import fingerprint
from medtrans.reading.volumes import read_volume, write_volume
from medtrans.recipe import load_recipe
from medtrans.stages.dry_run import dry_run
from medtrans.stages.init import init
from medtrans.stages.train import train

SAMPLES = load_recipe(find_recipe("t1_to_t2")).reading.root


def laid_out(root, pattern, images, *, count=6, sessions=("",)):
    """The sample heads under other names: `images` are {sample: name}."""
    for number in range(count):
        for session in sessions:
            for sample, name in images.items():
                path = root / pattern.format(subject=f"{number + 1:02}", session=session, name=name)
                path.parent.mkdir(parents=True, exist_ok=True)
                volume = read_volume(SAMPLES / f"sub-0{number}_{sample}.nii.gz")
                noisy = volume.voxels + (session == "2")  # another visit is another file
                write_volume(volume.like(noisy.astype(volume.voxels.dtype)), path)
    return root


BIDS = "sub-{subject}/ses-{session}/{name}/sub-{subject}_ses-{session}_{name}.nii.gz"
LAYOUTS = {
    "SynthRAD": (
        "1HNA{subject}/{name}.nii.gz",
        {"T1": "mr", "CT": "ct", "mask": "mask"},
        ("mri-to-ct", "{subject}/mr.nii.gz", "{subject}/ct.nii.gz", "{subject}/mask.nii.gz"),
    ),
    "BIDS without sessions": (
        "sub-{subject}/anat/sub-{subject}_{name}.nii.gz",
        {"T1": "T1w", "T2": "T2w"},
        ("contrast", "{subject}/anat/{subject}_T1w.nii.gz", "{subject}/anat/{subject}_T2w.nii.gz", None),
    ),
    "flat": (
        "p{subject}_{name}.nii.gz",
        {"T1": "T1", "CT": "CT", "mask": "mask"},
        ("mri-to-ct", "*_T1.nii.gz", "*_CT.nii.gz", "*_mask.nii.gz"),
    ),
    "one image": ("p{subject}_{name}.nii.gz", {"T1": "T1"}, ("quality", None, "*_T1.nii.gz", None)),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_recognised(name, tmp_path):
    pattern, images, (task, source, target, mask) = LAYOUTS[name]
    made = init(laid_out(tmp_path / "images", pattern, images), tmp_path / "recipe.yaml")
    recipe = load_recipe(tmp_path / "recipe.yaml")
    assert made.chosen.task == task
    assert (made.chosen.source and made.chosen.source.pattern) == source
    assert (recipe.reading.target.patterns, recipe.reading.mask) == ((target,), mask)
    assert recipe.evaluating.region == ("mask" if mask else "body")
    assert len(recipe.cases()) == 6
    assert len(made.text.splitlines()) <= 34
    assert all("#" in line for line in made.text.splitlines()[:1])


def listed(root, header, line, *, count=6):
    """A table in a folder of flat names: `line` has {n}."""
    laid_out(root, "p{subject}_{name}.nii.gz", {"T1": "T1", "CT": "CT", "mask": "mask"}, count=count)
    lines = [header, *(line.format(n=f"{number + 1:02}") for number in range(count))]
    (root / "cases.tsv").write_text("\n".join(lines).replace(",", "\t"))
    return root


def test_a_table_decides_who_is_what(tmp_path):
    root = listed(
        tmp_path / "images", "subject,target,source,sex,split", "who{n},p{n}_CT.nii.gz,p{n}_T1.nii.gz,F,train", count=3
    )
    (root / "old.csv").write_text("subject,source\nq,p01_T1.nii.gz\n")
    made = init(root, tmp_path / "recipe.yaml")
    reading = load_recipe(tmp_path / "recipe.yaml").reading
    assert (made.chosen.task, reading.table, reading.mask) == ("mri-to-ct", root / "cases.tsv", None)
    assert (reading.source_modality, reading.target_modality) == ("MR", "CT")
    assert [case.subject for case in load_recipe(tmp_path / "recipe.yaml").cases()] == ["who01", "who02", "who03"]
    assert "validation_fraction" not in made.text, "the table says who trains"
    assert [finding.code for finding in made.found.findings] == ["second-table"]


@pytest.mark.parametrize(
    ("header", "line", "task"),
    [
        ("subject,source,target", "{n},p{n}_CT.nii.gz,p{n}_T1.nii.gz", "contrast"),
        ("subject,source", "{n},p{n}_T1.nii.gz", "quality"),
        ("subject,name,source,target", "{n},a{n},p{n}_T1.nii.gz,\n{n},b{n},,p{n}_CT.nii.gz", "unpaired"),
    ],
)
def test_the_columns_of_a_table_decide_the_task(header, line, task, tmp_path):
    made = init(listed(tmp_path / "images", header, line, count=3), tmp_path / "recipe.yaml")
    assert made.chosen.task == task
    assert load_recipe(tmp_path / "recipe.yaml").cases()


def test_a_table_of_other_columns_is_named_and_not_used(tmp_path):
    root = listed(tmp_path / "images", "patient,t1,ct", "{n},p{n}_T1.nii.gz,p{n}_CT.nii.gz", count=3)
    made = init(root, tmp_path / "recipe.yaml")
    assert (made.found.table, made.chosen.task) == (None, "mri-to-ct")
    assert "lists volumes in the columns t1, ct, but has no columns subject and source" in made.to_text()


def test_sessions_are_named_and_what_is_missing_is_said(tmp_path):
    root = laid_out(tmp_path / "images", BIDS, {"T1": "T1w", "CT": "ct"}, sessions=("1", "2"))
    (root / "sub-03" / "ses-2" / "ct" / "sub-03_ses-2_ct.nii.gz").unlink()
    (root / "sub-04" / "ses-1" / "T1w" / "sub-04_ses-1_T1w.nii.gz").write_bytes(b"no volume")
    made = init(root, tmp_path / "recipe.yaml")
    cases = load_recipe(tmp_path / "recipe.yaml").cases()
    assert {case.session for case in cases} == {"ses-1", "ses-2"}
    assert len(cases) == 11, "the file that cannot be read too, which check refuses"
    assert made.missing() == [
        "{subject}/{session}/ct/{subject}_{session}_ct.nii.gz of 1 cases: sub-03_ses-2",
        "{subject}/{session}/T1w/{subject}_{session}_T1w.nii.gz of 1 cases: sub-04_ses-1",
        "masks",
    ]
    (finding,) = made.found.findings
    assert "sub-04_ses-1_T1w.nii.gz" in finding.where
    assert "missing: masks" in made.to_text()


@pytest.mark.slow
def test_what_it_writes_passes_check_and_trains(tmp_path):
    pattern, images, _ = LAYOUTS["SynthRAD"]
    init(laid_out(tmp_path / "images", pattern, images), tmp_path / "recipe.yaml")
    small = ["method.generator.channels=[4, 8]", "training.steps=2", "training.batch=2", "training.device=cpu"]
    recipe = load_recipe(tmp_path / "recipe.yaml", small)
    findings, plan = dry_run(recipe, tmp_path / "run")
    assert not [finding for finding in findings if finding.severity == "refuse"]
    assert sum(own["cases"] for own in plan.cases.values()) == 6
    assert train(recipe, tmp_path / "run").model.is_dir()


def test_the_voxels_and_the_background_decide(tmp_path):
    root = laid_out(tmp_path / "images", "p{subject}_{name}.nii.gz", {"T1": "T1", "T2": "T2"})
    for number, path in enumerate(sorted(root.glob("*.nii.gz"))):
        volume, mask = read_volume(path), read_volume(SAMPLES / f"sub-0{number // 2}_mask.nii.gz").voxels
        thick = volume.affine @ np.diag([1, 1, 2.5 + number // 2 % 2, 1])
        write_volume(Volume(volume.voxels * (mask > 0), thick), path, overwrite=True)
    init(root, tmp_path / "recipe.yaml", minutes=7)
    recipe = load_recipe(tmp_path / "recipe.yaml")
    assert (recipe.preparing.spatial_dims, recipe.preparing.body_mask) == (2, "nonzero")
    assert recipe.preparing.spacing == (4.8, 4.8, 14.4)
    assert recipe.training.minutes == 7
    assert "# voxels differ, 4.8 × 4.8 × 12 mm to 4.8 × 4.8 × 16.8 mm" in (tmp_path / "recipe.yaml").read_text()


def test_other_grids_are_registered_and_unpaired_images_found(tmp_path):
    root = laid_out(tmp_path / "images", "p{subject}_{name}.nii.gz", {"T1": "T1", "CT": "CT"}, count=3)
    ct = root / "p01_CT.nii.gz"
    volume = read_volume(ct)
    write_volume(Volume(volume.voxels[:, :-4], volume.affine), ct, overwrite=True)
    init(root, tmp_path / "recipe.yaml")
    assert load_recipe(tmp_path / "recipe.yaml").preparing.register == "rigid"
    for path in root.glob("*_CT.nii.gz"):
        path.rename(path.with_name("q" + path.name[1:].replace("p0", "q1")))
    made = init(root, tmp_path / "unpaired.yaml")
    assert (made.chosen.task, load_recipe(tmp_path / "unpaired.yaml").method) == ("unpaired", "cyclegan")


def test_what_cannot_be_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(InputRefused, match="does not exist"):
        init(tmp_path / "gone", tmp_path / "recipe.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputRefused, match="holds no volume"):
        init(tmp_path / "empty", tmp_path / "recipe.yaml")
    root = laid_out(tmp_path / "images", "p{subject}_{name}.nii.gz", {"T1": "T1"}, count=3)
    with pytest.raises(UsageError, match="did you mean 'contrast'"):
        init(root, tmp_path / "recipe.yaml", task="contrst")
    with pytest.raises(InputRefused, match="no two images for the task mri-to-ct"):
        init(root, tmp_path / "recipe.yaml", task="mri-to-ct")
    with pytest.raises(UsageError, match="did you mean 'T1'"):
        init(root, tmp_path / "recipe.yaml", target="T11")
    assert not (tmp_path / "recipe.yaml").exists()


def test_derivatives_are_left_out(tmp_path):
    root = laid_out(tmp_path, "sub-{subject}/anat/sub-{subject}_{name}.nii.gz", {"T1": "T1w"}, count=2)
    shutil.copytree(root / "sub-01", root / "derivatives" / "sub-01")
    (image,) = fingerprint(root).images
    assert len(image.files) == 2
