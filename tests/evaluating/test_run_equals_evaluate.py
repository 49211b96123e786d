"""Law: a run and `medtrans evaluate` say the same of the same files, whatever is wrong with a case."""

from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.case import Case
from medtrans.core.volume import Volume
from medtrans.evaluating.baselines import COPIED_SOURCE
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.run_cases import evaluate_run
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.names import uncertainty_path
from medtrans.reading.volumes import write_volume
from tests.evaluating.scored_volumes import AFFINE, changed, ct, mask, mr, volume
from tests.evaluating.sidecars import write_sidecar

NAMES = ("sub-1_ses-1", "sub-1_ses-2", "sub-2_ses-1")
BAD = "sub-1_ses-2"
FOLDERS = ("translated", "target", "mask", "source")
MOVED = AFFINE + 9 * np.eye(4, k=3)


def dose(noise=0.0):
    one = mr(noise, scale=0.05)
    return one.like(np.maximum(one.voxels, 0))


IMAGE = {"CT": ct, "MR": mr, "dose": dose}
PRESETS = {"CT": "synthrad2023", "MR": "mr-percentile", "dose": "dose"}


@pytest.fixture(params=IMAGE)
def modality(request):
    return request.param


@pytest.fixture
def folders(tmp_path, modality):
    """Three sound cases of two subjects, their sources and standard deviations."""
    image = IMAGE[modality]
    for number, name in enumerate(NAMES):
        case = {"translated": image(0.5 + 0.1 * number), "target": image(), "mask": mask(), "source": image(2.0)}
        for folder, one in case.items():
            write_volume(one, tmp_path / folder / f"{name}.nii.gz")
        deviation = image().like(np.full_like(image().voxels, 0.5))
        write_volume(deviation, uncertainty_path(tmp_path / "translated" / f"{name}.nii.gz"))
        write_sidecar(tmp_path / "translated" / f"{name}.json", uncertainty={"samples": 8})
    return tmp_path


def by_evaluate(root, modality, metrics=(), mask_label=None):
    paths = root / "translated", root / "target", root / "mask"
    files = {"source": root / "source", "uncertainty": root / "translated"}
    files["change"] = root / "change" if (root / "change").exists() else None
    return evaluate_files(*paths, PRESETS[modality], metrics=metrics, mask_label=mask_label, **files)


def by_run(root, modality, metrics=(), mask_label=None):
    """A run whose normalisation keeps the values as they are, so that both paths compare the same numbers."""
    keeps = Linear(low=-1024, high=3071)
    settings = PreparingSettings(source_normalisation=keeps, target_normalisation=keeps, body_mask="none")
    cases, translations = [], {}
    for name in NAMES:
        files = {folder: root / folder / f"{name}.nii.gz" for folder in FOLDERS}
        there = {folder: (path,) if path.exists() else () for folder, path in files.items()}
        own_mask = files["mask"] if there["mask"] else None
        change = root / "change" / f"{name}.nii.gz"
        subject = name.partition("_")[0]
        facts = {"mask_label": mask_label, "change": change if change.exists() else None}
        cases.append(Case(subject, name, there["source"], there["target"], own_mask, "test", **facts))
        translations[name] = files["translated"]
    preparation = Preparation(settings, source_modality=modality, target_modality=modality)
    evaluating = EvaluatingSettings(preset=PRESETS[modality], region="mask", metrics=metrics)
    return evaluate_run(cases, translations, {}, preparation, evaluating, has_uncertainty=True)


def outcome(evaluation, case):
    """The scores of a case without baselines that need training targets, or the codes of what is wrong with it."""
    scores = {
        (score.system, score.metric): (score.value, score.unit, score.note)
        for score in evaluation.scores
        if score.case == case and score.system in ("translated", COPIED_SOURCE)
    }
    codes = [evaluation.failed[case].code] if case in evaluation.failed else []
    return scores, codes or [finding.code for finding in evaluation.findings if finding.where == case]


def spoil(root, folder, change):
    """Replace, or with None remove, the volume of the bad case in a folder."""
    path = root / folder / f"{BAD}.nii.gz"
    path.unlink()
    if isinstance(change, bytes):
        path.write_bytes(change)
    elif change is not None:
        write_volume(change, path)


def two_channels(image):
    return Volume(np.repeat(image().voxels, 2, 0), AFFINE)


FAULTS = {
    "a missing mask": ("mask", lambda image: None, "missing-mask"),
    "an empty mask": ("mask", lambda image: mask().like(0 * mask().voxels), "empty-mask"),
    "a mask elsewhere": ("mask", lambda image: volume(mask().voxels[0], MOVED), "other-grid"),
    "a mask of two channels": ("mask", lambda image: two_channels(mask), "other-channels"),
    "an unreadable mask": ("mask", lambda image: b"no volume", "unreadable"),
    "a translation elsewhere": ("translated", lambda image: volume(image().voxels[0], MOVED), "other-grid"),
    "a translation of another shape": (
        "translated",
        lambda image: Volume(image().voxels[..., 1:], AFFINE),
        "other-grid",
    ),
    "a translation with nan": ("translated", lambda image: changed(image(), (7, 7, 7), np.nan), "not-finite"),
    "a translation of two channels": ("translated", two_channels, "other-channels"),
    "an unreadable translation": ("translated", lambda image: b"no volume", "unreadable"),
    "a target elsewhere": ("target", lambda image: volume(image().voxels[0], MOVED), "other-grid"),
    "a target with nan": ("target", lambda image: changed(image(), (7, 7, 7), np.nan), "not-finite"),
    "a target of two channels": ("target", two_channels, "other-channels"),
    "an unreadable target": ("target", lambda image: b"no volume", "unreadable"),
    "a target half a voxel away": (
        "target",
        lambda image: volume(image().voxels[0], AFFINE + 0.5 * np.eye(4, k=3)),
        "half-voxel",
    ),
    "a target whose LPS matrix was saved as RAS": (
        "target",
        lambda image: volume(image().voxels[0], np.diag([-1.0, -1.0, 1.0, 1.0]) @ AFFINE),
        "lps-as-ras",
    ),
    "a missing target": ("target", lambda image: None, "missing-target"),
}
BY_VALUE = {
    "CT": {
        "a translation in another unit": ("translated", lambda: ct().like(ct().voxels / 4095 + 0.25), "implausible-ct"),
        "a constant translation": ("translated", lambda: ct().like(0 * ct().voxels), "implausible-ct"),
        "a target in another unit": ("target", lambda: ct().like(ct().voxels + 1024), "implausible-ct"),
        "a constant target": ("target", lambda: ct().like(0 * ct().voxels), "implausible-ct"),
        "a mask in air": ("mask", lambda: mask().like(1 - mask().voxels), "mask-in-air"),
    },
    "MR": {
        "a translation in another unit": ("translated", lambda: mr(scale=100), "other-unit"),
        "a target in another unit": ("target", lambda: mr(scale=0.001), "other-unit"),
        "a target of zeros": ("target", lambda: mr().like(0 * mr().voxels), "no-signal"),
    },
    "dose": {
        "a translation in another unit": ("translated", lambda: mr(scale=5), "other-unit"),
        "a target of zeros": ("target", lambda: mr().like(0 * mr().voxels), "no-dose"),
        "a target that is a CT": ("target", ct, "implausible-dose"),
    },
}


def assert_alike(one, other):
    for name in NAMES:
        assert outcome(one, name) == outcome(other, name), name


def test_sound_cases_have_the_same_scores_baselines_subjects_and_hashes(folders, modality):
    run, evaluate = by_run(folders, modality), by_evaluate(folders, modality)
    assert not run.failed
    assert not evaluate.failed
    assert_alike(run, evaluate)
    scores, _ = outcome(run, NAMES[0])
    assert {"calibration[samples=8]", "mae"} <= {metric.label for _, metric in scores}
    assert {system for system, _ in scores} == {"translated", COPIED_SOURCE}
    assert run.input_hashes == evaluate.input_hashes
    assert run.measurements == evaluate.measurements
    assert {score.subject for score in run.scores} == {score.subject for score in evaluate.scores}
    assert not [name for name in run.definition.differences(evaluate.definition) if name not in ALLOWED]


def test_metrics_of_change_are_the_same_with_a_change_mask_and_without(folders, modality):
    for name in NAMES[1:]:
        write_volume(changed(mask().like(0 * mask().voxels), (7, 7, 7), 1), folders / "change" / f"{name}.nii.gz")
    metrics = ("change_error", {"name": "change_error", "where": "outside"}, "false_change")
    run, evaluate = by_run(folders, modality, metrics), by_evaluate(folders, modality, metrics)
    assert_alike(run, evaluate)
    for name, known in zip(NAMES, (False, True, True), strict=True):
        scores = {str(metric): value for (_, metric), (value, *_) in outcome(run, name)[0].items()}
        of_change = [value for metric, value in scores.items() if "change" in metric]
        assert len(of_change) == 3
        assert np.isfinite(of_change).all() == known


ALLOWED = ("region",)
"""Where the files come from is named in the region."""


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_case_has_the_same_outcome(folders, modality, fault):
    folder, change, code = FAULTS[fault]
    spoil(folders, folder, change(IMAGE[modality]))
    run, evaluate = by_run(folders, modality), by_evaluate(folders, modality)
    assert outcome(run, BAD) == ({}, [code])
    assert_alike(run, evaluate)


@pytest.mark.parametrize(
    ("modality", "fault"), [(kind, fault) for kind, faults in BY_VALUE.items() for fault in faults]
)
def test_every_implausible_value_has_the_same_outcome(folders, modality, fault):
    folder, change, code = BY_VALUE[modality][fault]
    spoil(folders, folder, change())
    run, evaluate = by_run(folders, modality), by_evaluate(folders, modality)
    assert outcome(run, BAD) == ({}, [code])
    assert_alike(run, evaluate)


NOTICED = {
    "a translation one slice off": (
        "translated",
        lambda image: image().like(np.roll(image(0.1).voxels, 1, 3)),
        "misplaced",
    ),
    "a mirrored translation": ("translated", lambda image: image().like(np.flip(image(0.1).voxels, 1)), "mirrored"),
    "padding in the mask": (
        "target",
        lambda image: image().like(np.where(np.indices(image().voxels.shape)[1] < 4, -32768, image().voxels)),
        "padding",
    ),
    "a constant in the mask": (
        "target",
        lambda image: image().like(np.where(np.indices(image().voxels.shape)[2] < 7, 33.0, image().voxels)),
        "filled-target",
    ),
}


@pytest.mark.parametrize("fault", NOTICED)
def test_what_is_odd_about_a_case_is_said_alike(folders, modality, fault):
    folder, change, code = NOTICED[fault]
    spoil(folders, folder, change(IMAGE[modality]))
    run, evaluate = by_run(folders, modality), by_evaluate(folders, modality)
    assert code in outcome(run, BAD)[1]
    assert_alike(run, evaluate)


def test_a_grey_mask_has_the_same_outcome(folders, modality):
    grey = np.random.default_rng(0).integers(0, 256, mask().voxels.shape).astype(np.uint8)
    spoil(folders, "mask", mask().like(grey))
    run, evaluate = by_run(folders, modality), by_evaluate(folders, modality)
    assert outcome(run, BAD) == ({}, ["grey-mask"])
    assert_alike(run, evaluate)


def test_one_label_of_a_label_map_is_the_mask_in_both(folders, modality):
    sound = by_run(folders, modality)
    for name in NAMES:
        labels = mask().voxels * 2 + (np.indices(mask().voxels.shape)[1] < 2)
        write_volume(mask().like(labels.astype(np.uint8)), folders / "mask" / f"{name}.nii.gz", overwrite=True)
    run, evaluate = by_run(folders, modality, mask_label=2), by_evaluate(folders, modality, mask_label=2)
    assert_alike(run, sound)
    assert_alike(run, evaluate)
    assert run.definition.region == "voxels equal to 2 of each case's mask file"
    assert evaluate.definition.region == "voxels equal to 2 of mask"
    other = by_run(folders, modality, mask_label=3)
    assert {finding.code for finding in other.failed.values()} == {"missing-label"}


def test_a_mask_in_padding_has_the_same_outcome(folders, modality):
    spoil(folders, "target", IMAGE[modality]().like(np.where(mask().voxels, -32768.0, IMAGE[modality]().voxels)))
    run, evaluate = by_run(folders, modality), by_evaluate(folders, modality)
    assert outcome(run, BAD) == ({}, ["empty-mask"])
    assert "lies wholly where the target is padded with -32768" in run.failed[BAD].what
    assert_alike(run, evaluate)


def test_seams_are_at_the_windows_that_the_sidecar_names(folders, modality):
    path = folders / "translated" / f"{NAMES[0]}.json"
    write_sidecar(path, uncertainty={"samples": 8}, window_borders=[[7], [5, 9], []])
    run, evaluate = by_run(folders, modality, ("seam",)), by_evaluate(folders, modality, ("seam",))
    assert_alike(run, evaluate)
    for case, known in ((NAMES[0], True), (NAMES[2], False)):
        own = [one for one in run.scores if (one.case, one.metric.name) == (case, "seam")]
        score = next(one for one in own if one.system == "translated")
        assert np.isfinite(score.value) == known
        assert ("the windows of the translation are unknown" in score.note) is not known


def test_a_missing_standard_deviation_has_the_same_outcome(folders, modality):
    uncertainty_path(folders / "translated" / f"{BAD}.nii.gz").unlink()
    ours, theirs = (outcome(by(folders, modality), BAD) for by in (by_evaluate, by_run))
    assert ours == theirs == ({}, ["missing-uncertainty"])


def test_a_constant_mr_has_the_same_scores(tmp_path, folders, modality):
    spoil(folders, "translated", IMAGE[modality]().like(0 * IMAGE[modality]().voxels + 20))
    assert_alike(by_run(folders, modality), by_evaluate(folders, modality))


def test_a_source_of_another_modality_gives_the_same_baseline(folders, modality):
    for name in NAMES:
        other = {"CT": mr(), "MR": ct(), "dose": mr()}[modality]
        write_volume(other, folders / "source" / f"{name}.nii.gz", overwrite=True)
    run, evaluate = by_run(folders, modality), by_evaluate(folders, modality)
    assert_alike(run, evaluate)
    assert (COPIED_SOURCE in {score.system for score in run.scores}) == (modality == "MR")


def test_a_case_without_a_source_has_no_copied_source(folders, modality):
    (folders / "source" / f"{BAD}.nii.gz").unlink()
    for by in (by_evaluate, by_run):
        scores, codes = outcome(by(folders, modality), BAD)
        assert {system for system, _ in scores} == {"translated"}
        assert not codes


def test_the_source_of_an_image_that_is_its_own_target_is_no_baseline(folders, modality):
    case = Case("sub-1", NAMES[0], (folders / "target" / f"{NAMES[0]}.nii.gz",), split="test")
    case = replace(case, targets=case.sources, mask=folders / "mask" / f"{NAMES[0]}.nii.gz")
    keeps = PreparingSettings(source_normalisation=Linear(low=0, high=1), target_normalisation=Linear(low=0, high=1))
    preparation = Preparation(keeps, source_modality=modality, target_modality=modality)
    settings = EvaluatingSettings(preset=PRESETS[modality], region="mask")
    translations = {case.name: folders / "translated" / f"{case.name}.nii.gz"}
    found = evaluate_run([case], translations, {}, preparation, settings)
    assert COPIED_SOURCE not in {score.system for score in found.scores}
