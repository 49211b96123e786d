import math

import numpy as np
import pytest

from medtrans.core.case import Case
from medtrans.core.errors import UsageError
from medtrans.core.modality import MODALITIES
from medtrans.core.score import TRANSLATED
from medtrans.core.volume import Volume
from medtrans.degradations._record import degrade_all, known_operator
from medtrans.evaluating.comparison import OPTIONAL_CLAUSES
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.image_scores import definition
from medtrans.evaluating.known_operator import METRICS, score_operator
from medtrans.evaluating.run_cases import evaluate_run
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.preparing.normalisation.linear import Linear
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.names import sidecar_path
from medtrans.reading.volumes import hash_volume, write_volume
from tests.degradations.images import hounsfield, relative
from tests.evaluating.sidecars import write_sidecar

RECORD = [{"name": "anisotropy", "parameters": {"millimetres": 6.0, "plane": "axial"}}]
TARGET = Volume(relative((1, 16, 15, 14)).voxels, np.diag([1.0, 1.5, 2.0, 1.0]))


def scores_of(image, target=TARGET, record=RECORD, modality="MR"):
    found = score_operator({TRANSLATED: image}, target, known_operator(record, target), modality, case="a", subject="s")
    return {score.metric.label: score for score in found}


def write_case(folder, target=TARGET, made_from=None, record=RECORD):
    """A folder of a source with its sidecar, its target, and a translation that is a tenth too bright."""
    paths = {name: folder / name / "a.nii.gz" for name in ("source", "target", "translated")}
    images = degrade_all(target, record, MODALITIES["MR"]), target, target.like(target.voxels * 1.1)
    for path, image in zip(paths.values(), images, strict=True):
        write_volume(image, path)
    sha256 = hash_volume(paths["target"]) if made_from is None else made_from
    write_sidecar(sidecar_path(paths["source"]), degradations=record, inputs=[{"name": "a", "sha256": sha256}])
    return paths


def evaluated(paths):
    found = evaluate_files(paths["translated"], paths["target"], None, "mr-percentile", source=paths["source"])
    return found, [score for score in found.scores if score.metric.name in METRICS]


def test_an_image_a_tenth_too_bright_contradicts_the_measurement_by_a_tenth():
    assert scores_of(TARGET.like(TARGET.voxels * 1.1))["measurement_residual"].value == pytest.approx(0.1, rel=1e-4)


def test_the_residual_of_a_ct_is_relative_to_its_attenuation_and_not_to_its_hounsfield_units():
    ct = hounsfield((1, 16, 15, 14))
    denser = ct.like((ct.voxels + 1000) * 1.1 - 1000)
    assert scores_of(denser, ct, modality="CT")["measurement_residual"].value == pytest.approx(0.1, rel=1e-4)


def test_a_voxel_that_is_not_a_number_makes_the_scores_undefined_and_the_note_says_why():
    image = TARGET.like(TARGET.voxels.copy())
    image.voxels[0, 0, 0, 0] = np.nan
    for score in scores_of(image).values():
        assert math.isnan(score.value)
        assert "not finite" in score.note


def test_files_are_scored_by_the_record_beside_the_source_and_so_are_baselines(tmp_path):
    found, scores = evaluated(write_case(tmp_path))
    assert {(score.system, score.metric.name) for score in scores} == {
        (system, name) for system in (TRANSLATED, "copied source") for name in METRICS
    }
    residual = next(score for score in scores if score.system == TRANSLATED)
    assert residual.value == pytest.approx(0.1, rel=1e-3)
    assert METRICS.keys() <= {clause.subject for clause in found.definition.clauses}
    assert set(OPTIONAL_CLAUSES) >= METRICS.keys()


def test_a_run_scores_the_same(tmp_path):
    paths = write_case(tmp_path)
    case = Case("a", "a", (paths["source"],), (paths["target"],), None, "test")
    scale = Linear(low=0, high=1)
    keeps = PreparingSettings(source_normalisation=scale, target_normalisation=scale, body_mask="none")
    preparation, settings = Preparation(keeps, "MR", "MR"), EvaluatingSettings(preset="mr-percentile", region="volume")
    run = evaluate_run([case], {"a": paths["translated"]}, {}, preparation, settings)
    found = {(score.system, score.metric.name): score.value for score in run.scores}
    expected = {(score.system, score.metric.name): score.value for score in evaluated(paths)[1]}
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    "changed",
    [
        {"made_from": "of another file"},
        {"record": [*RECORD, *RECORD]},
        {"record": [{"name": "rician_noise", "parameters": {"snr": 20.0, "coils": 1, "seed": 1}}]},
    ],
    ids=["another target", "a chain", "not linear"],
)
def test_there_is_no_score_where_the_degradation_is_not_known_or_no_single_linear_one(tmp_path, changed):
    found, scores = evaluated(write_case(tmp_path, **changed))
    assert found.scores
    assert not scores
    assert not METRICS.keys() & {clause.subject for clause in found.definition.clauses}


@pytest.mark.parametrize("name", METRICS)
def test_they_cannot_be_asked_for_since_they_are_there_by_themselves(name):
    with pytest.raises(UsageError, match="it is there by itself where the sources have the record"):
        definition("mr-percentile", metrics=[name])
