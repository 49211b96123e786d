import math

import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, InputRefused
from medtrans.core.volume import Volume
from medtrans.evaluating.folder_cases import evaluate_files
from medtrans.evaluating.uncertainty import read_samples, score_uncertainty
from medtrans.reading.names import UNCERTAINTY, uncertainty_path
from medtrans.reading.volumes import write_volume
from tests.evaluating.scored_volumes import AFFINE, SHAPE, changed, ct, mask, volume
from tests.evaluating.sidecars import write_sidecar


def deviation(of=30.0):
    return volume(np.full(SHAPE, of, np.float32))


def test_a_true_deviation_is_calibrated_and_a_zero_spread_says_why_it_is_not():
    found = {score.metric.label: score for score in score_uncertainty(ct(30), ct(), deviation(), mask(), case="a")}
    assert found["calibration"].value < 0.15
    assert found["coverage_error"].value < 0.02
    assert found["coverage_error"].note.endswith(
        "of the errors lie within the 95% interval of an exact standard deviation, ± 1.96 standard deviations"
    )
    nothing, uncovered = score_uncertainty(ct(30), ct(), deviation(0), mask())
    assert math.isnan(nothing.value)
    assert nothing.note == "the uncertainty is 0 in 100% of the voxels"
    assert uncovered.value == pytest.approx(0.95)


def test_the_number_of_samples_is_in_the_label_and_widens_the_interval():
    labels = {score.metric.label: score for score in score_uncertainty(ct(30), ct(), deviation(), mask(), samples=4)}
    assert labels.keys() == {"calibration[samples=4]", "coverage_error[samples=4]"}
    assert "95% interval of 4 samples, ± 3.56 standard deviations" in labels["coverage_error[samples=4]"].note


@pytest.mark.parametrize(
    ("written", "samples"),
    [
        ({"file": "a_std.nii.gz", "samples": 8}, 8),
        (None, None),
        ({"samples": "8"}, None),
        ({"samples": True}, None),
        ({"samples": 1}, None),
    ],
)
def test_samples_are_read_from_the_sidecar(written, samples, tmp_path):
    path = tmp_path / "a.json"
    assert read_samples(path) is None
    write_sidecar(path, uncertainty=written)
    assert read_samples(path) == samples


def test_another_grid_more_channels_or_nan_are_refused():
    with pytest.raises(GridMismatch, match="target has 14 x 15 x 16 voxels, uncertainty has 14 x 15 x 15"):
        score_uncertainty(ct(), ct(), Volume(deviation().voxels[..., 1:], AFFINE), mask(), case="a")
    with pytest.raises(InputRefused, match="uncertainty has 2"):
        score_uncertainty(ct(), ct(), Volume(np.repeat(deviation().voxels, 2, axis=0), AFFINE), mask(), case="a")
    with pytest.raises(InputRefused, match="a: uncertainty has 1 voxels that are nan"):
        score_uncertainty(ct(), ct(), changed(deviation(), (7, 7, 7), np.nan), mask(), case="a")


def test_deviations_are_found_beside_the_translations_as_translate_names_them(tmp_path):
    made, real = tmp_path / "made", tmp_path / "real"
    for name in "ab":
        write_volume(ct(30), made / f"{name}.nii.gz")
        write_volume(ct(), real / f"{name}.nii.gz")
    path = uncertainty_path(made / "a.nii.gz")
    assert path.name == f"a{UNCERTAINTY}.nii.gz"
    write_volume(deviation(), path)
    found = evaluate_files(made, real, None, "synthrad2023", uncertainty=made)
    assert {score.case for score in found.scores} == {"a"}
    assert {score.metric.label for score in found.scores} >= {"mae", "calibration", "coverage_error"}
    assert found.failed["b"].code == "missing-uncertainty"
    assert found.failed["b"].sentence == f"b: there is no b_std in {made}; translate with --samples"
    assert "calibration" in {clause.subject for clause in found.definition.clauses}
    assert not evaluate_files(made, real, None, "synthrad2023").failed, "a standard deviation is no case of its own"
    write_sidecar(made / "a.json", uncertainty={"samples": 8})
    sampled = evaluate_files(made, real, None, "synthrad2023", uncertainty=made)
    assert {score.metric.label for score in sampled.scores} >= {"calibration[samples=8]", "coverage_error[samples=8]"}
    (made / "a.json").unlink()
    one = evaluate_files(made / "a.nii.gz", real / "a.nii.gz", None, "synthrad2023", uncertainty=path)
    assert [score.metric.label for score in one.scores][-2:] == ["calibration", "coverage_error"]
