import math

import numpy as np
import pytest

from medtrans.core.errors import GridMismatch, InputRefused
from medtrans.core.volume import Volume
from medtrans.evaluating.folders import SPREAD, evaluate_paths
from medtrans.evaluating.uncertainty import evaluate_spread
from medtrans.reading.files import spread_path, write_volume
from tests.evaluating.scored_volumes import AFFINE, SHAPE, changed, ct, mask, volume


def spread(of=30.0):
    return volume(np.full(SHAPE, of, np.float32))


def test_a_true_spread_is_calibrated_and_a_zero_spread_says_why_it_is_not():
    found = {score.metric: score for score in evaluate_spread(ct(30), ct(), spread(), mask(), case="a")}
    assert found["calibration"].value < 0.15
    assert found["coverage_error"].value < 0.02
    assert found["coverage_error"].note.endswith("of the errors lie within 1.96 of the spread")
    nothing, uncovered = evaluate_spread(ct(30), ct(), spread(0), mask())
    assert math.isnan(nothing.value)
    assert nothing.note == "the spread is 0 in 100% of the voxels"
    assert uncovered.value == pytest.approx(0.95)


def test_another_grid_more_channels_or_nan_are_refused():
    with pytest.raises(GridMismatch, match="target has 14 x 15 x 16 voxels, spread has 14 x 15 x 15"):
        evaluate_spread(ct(), ct(), Volume(spread().voxels[..., 1:], AFFINE), mask(), case="a")
    with pytest.raises(InputRefused, match="spread has 2"):
        evaluate_spread(ct(), ct(), Volume(np.repeat(spread().voxels, 2, axis=0), AFFINE), mask(), case="a")
    with pytest.raises(InputRefused, match="a: spread has 1 voxels that are nan"):
        evaluate_spread(ct(), ct(), changed(spread(), (7, 7, 7), np.nan), mask(), case="a")


def test_spreads_are_found_beside_the_translations_as_translate_names_them(tmp_path):
    made, real = tmp_path / "made", tmp_path / "real"
    for name in "ab":
        write_volume(ct(30), made / f"{name}.nii.gz")
        write_volume(ct(), real / f"{name}.nii.gz")
    path = spread_path(made / "a.nii.gz")
    assert path.name == f"a{SPREAD}.nii.gz"
    write_volume(spread(), path)
    found = evaluate_paths(made, real, None, "synthrad2023", spread=made)
    assert {score.case for score in found.scores} == {"a"}
    assert {score.metric for score in found.scores} >= {"mae", "calibration", "coverage_error"}
    assert found.refused == {"b": f"there is no b_spread in {made}; translate with --samples"}
    assert any(sentence.startswith("calibration: ") for sentence in found.definition.details)
    assert not evaluate_paths(made, real, None, "synthrad2023").refused, "a spread is no case of its own"
    one = evaluate_paths(made / "a.nii.gz", real / "a.nii.gz", None, "synthrad2023", spread=path)
    assert [score.metric for score in one.scores][-2:] == ["calibration", "coverage_error"]
