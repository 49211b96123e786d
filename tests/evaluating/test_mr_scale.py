"""Law: whatever the targets of a training were normalised by, run and evaluate score an MR against one truth."""

from dataclasses import replace

import numpy as np
import pytest

from medtrans.core.case import Case, Pair
from medtrans.core.errors import UsageError
from medtrans.evaluating.comparison import refuse_difference
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.image_scores import score_pair
from medtrans.evaluating.run_cases import evaluate_run, scoring_pair
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.preparing import normalisation
from medtrans.preparing.intensity_scale import SIDECAR_KEY
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.volumes import read_volume, write_volume
from tests.evaluating.scored_volumes import mask, mr
from tests.evaluating.sidecars import write_sidecar

PAINTED = "linear, of painted targets"
NORMALISERS = {name: normalisation.load(name)() for name in normalisation.names() if name not in ("labels", "linear")}
NORMALISERS["linear"] = NORMALISERS[PAINTED] = Linear(low=0, high=1000)
NORMALISERS["percentiles, lower"] = replace(NORMALISERS["percentiles"], lower=2.0, upper=98.0)
EVALUATING = EvaluatingSettings(preset="mr-percentile", region="mask")
GAINS = (0.5, 1.0, 1.3)
TARGET_GAIN = 3.0


def made(folder, name, seed=0, noise=8.0, gain=TARGET_GAIN):
    """A source, a target of another gain and contrast, and a mask, in files."""
    rng = np.random.default_rng(seed)
    image = mr(noise=20.0 + seed)
    target = image.like((gain * (1.2 * image.voxels + noise * rng.normal(size=image.voxels.shape))).clip(0))
    paths = {role: folder / role / f"{name}.nii.gz" for role in ("source", "target", "mask")}
    for role, one in (("source", image), ("target", target), ("mask", mask())):
        write_volume(one, paths[role])
    return Case(name, name, (paths["source"],), (paths["target"],), paths["mask"], "test"), image, target


def fitted(name):
    settings = PreparingSettings(target_normalisation=NORMALISERS[name])
    pairs = []
    for seed, gain in enumerate(GAINS):
        image = mr(noise=20.0 + seed, scale=1.0)
        pairs.append(Pair(Case("t", "t", (), ()), image, image.like(gain * image.voxels.clip(0))))
    return Preparation(settings, "MR", "MR").fit(pairs, arbitrary_unit=name == PAINTED)


def translated(folder, preparation, case, image, target):
    """What a nearly perfect network writes: the target as it is normalised, restored on the typical scale."""
    prepared = preparation.prepare_target(preparation.in_written_unit(target), body=preparation.body_mask(image))
    rng = np.random.default_rng(7)
    noisy = prepared.voxels + 0.02 * rng.normal(size=prepared.voxels.shape).astype(np.float32)
    path = folder / "translated" / f"{case.name}.nii.gz"
    write_volume(preparation.restore(noisy, prepared), path)
    facts = {"output": {SIDECAR_KEY: list(preparation.target_percentiles)}}
    write_sidecar(path.with_name(f"{case.name}.json"), **facts)
    return path


def both(folder, name, gain=TARGET_GAIN):
    """The evaluations of one case by a run and by files."""
    case, image, target = made(folder, "sub-1", gain=gain)
    preparation = fitted(name)
    path = translated(folder, preparation, case, image, target)
    run = evaluate_run([case], {case.name: path}, {}, preparation, EVALUATING)
    return run, evaluate_files(folder / "translated", folder / "target", folder / "mask", "mr-percentile")


def values(evaluation):
    return {str(score.metric): score.value for score in evaluation.scores if score.system == "translated"}


@pytest.mark.parametrize("name", NORMALISERS)
def test_run_and_evaluate_give_one_score(tmp_path, name):
    run, evaluate = both(tmp_path, name)
    assert values(run) == values(evaluate)
    assert run.input_hashes == evaluate.input_hashes
    assert run.measurements == evaluate.measurements
    assert {"region"} >= {one for one in run.definition.differences(evaluate.definition) if one != "copied source"}


def test_the_truth_is_one_for_all_normalisers_and_their_runs_may_be_compared(tmp_path):
    runs = {name: both(tmp_path / name, name)[0] for name in NORMALISERS}
    first = runs["percentiles"]
    for name, run in runs.items():
        assert run.input_hashes == first.input_hashes, name
        refuse_difference(first, run, ("percentiles", name))


def test_another_truth_is_refused(tmp_path):
    one, other = (both(tmp_path / str(gain), "percentiles", gain=gain)[0] for gain in (1.0, 3.0))
    case, image, target = made(tmp_path / "bent", "sub-1")
    bent = target.like(np.sqrt(target.voxels))
    write_volume(bent, case.targets[0], overwrite=True)
    preparation = fitted("percentiles")
    path = translated(tmp_path / "bent", preparation, case, image, bent)
    run = evaluate_run([case], {case.name: path}, {}, preparation, EVALUATING)
    with pytest.raises(UsageError, match="was scored on another target"):
        refuse_difference(other, run, ("one", "other"))
    assert one.input_hashes.keys() == other.input_hashes.keys()


@pytest.mark.parametrize("name", [name for name in NORMALISERS if name != "linear"])
def test_the_gain_of_the_scanner_of_a_target_changes_no_score(tmp_path, name):
    ones, others = (values(both(tmp_path / str(gain), name, gain)[0]) for gain in (0.7, 7.0))
    assert ones == pytest.approx(others, rel=1e-3)


@pytest.mark.parametrize(("name", "most"), [("percentiles", 0.02), ("nyul", 0.02), ("zscore", 0.02)])
def test_a_perfect_network_has_a_small_error_by_every_normaliser(tmp_path, name, most):
    """0.02 of the half range of [-1, 1] is the noise of the network: 0.8 of it is the mean error."""
    assert values(both(tmp_path, name)[0])["mae"] < most


def test_a_wrong_gain_of_a_translation_is_an_error(tmp_path):
    case, image, target = made(tmp_path, "sub-1")
    preparation = fitted("percentiles")
    path = translated(tmp_path, preparation, case, image, target)
    right = values(evaluate_run([case], {case.name: path}, {}, preparation, EVALUATING))
    brighter = preparation.in_written_unit(target)
    write_volume(brighter.like(brighter.voxels * 0.5), path, overwrite=True)
    wrong = values(evaluate_run([case], {case.name: path}, {}, preparation, EVALUATING))
    assert wrong["mae"] > 10 * right["mae"]


@pytest.mark.parametrize("name", NORMALISERS)
def test_a_validation_scores_as_the_run_does(tmp_path, name):
    """There the target is brought to the scale of the translation, by the same factor."""
    case, image, target = made(tmp_path, "sub-1")
    preparation = fitted(name)
    path = translated(tmp_path, preparation, case, image, target)
    run = values(evaluate_run([case], {case.name: path}, {}, preparation, EVALUATING))
    pair = scoring_pair(case, "mask", preparation)
    scores = score_pair(read_volume(path), pair.target, pair.mask, "mr-percentile")
    assert {str(one.metric): one.value for one in scores} == pytest.approx(run, rel=1e-3)


def test_a_translation_in_the_unit_of_its_source_is_scored_as_it_is_and_baselines_beside_it(tmp_path):
    case, _, target = made(tmp_path, "sub-1")
    training, _, _ = made(tmp_path, "sub-0", seed=1)
    preparation = fitted("percentiles")
    path = tmp_path / "translated" / "sub-1.nii.gz"
    write_volume(target, path)
    write_sidecar(path.with_name("sub-1.json"), output={SIDECAR_KEY: []}, data_consistency={"after": 0.0})
    cases = [case, replace(training, split="train")]
    run = evaluate_run(cases, {case.name: path}, {}, preparation, EVALUATING)
    files = evaluate_files(tmp_path / "translated", tmp_path / "target", tmp_path / "mask", "mr-percentile")
    assert values(run) == values(files)
    found = {(score.system, str(score.metric)): score.value for score in run.scores}
    assert found["translated", "mae"] == 0
    assert 0 < found["training mean", "mae"] < 0.5
