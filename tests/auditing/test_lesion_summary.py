import math

import pytest

from medtrans.auditing.lesion_summary import by_size, froc, summarise
from tests.auditing.lesion_volumes import LARGE, MIDDLE, SMALL, balls
from tests.auditing.test_lesion_verdicts import GOOD, HEALTHY, OTHER, audited, copies

KEPT = balls(LARGE, MIDDLE, SMALL)


def test_sensitivity_has_the_real_image_as_its_ceiling():
    cases = [audited(KEPT, balls(LARGE), balls(LARGE, MIDDLE), name) for name in "abc"]
    found = summarise(cases, with_truth=True)
    assert (found["sensitivity"]["translated"]["k"], found["sensitivity"]["target"]["k"]) == (3, 6)
    assert (found["found"], found["missed"], found["not_detectable"], found["lesions"]) == (3, 3, 3, 9)
    assert "target" not in summarise(cases, with_truth=False)["sensitivity"]


def test_excess_false_positives_are_those_beyond_the_real_image():
    noisy = audited(balls(LARGE), balls(LARGE, OTHER, MIDDLE), balls(LARGE, OTHER))
    found = summarise(copies(noisy, 4), with_truth=True)
    assert found["false_positives_per_case"] == {"translated": 2, "target": 1}
    assert found["excess_false_positives_per_case"]["value"] == 1
    assert found["invented"] == 4


def test_healthy_cases_bound_what_is_invented():
    found = summarise([*copies(HEALTHY, 30), *copies(GOOD, 5, "lesion")], with_truth=True)
    healthy = found["healthy_cases_with_an_invented_lesion"]
    assert (healthy["k"], healthy["n"]) == (0, 30)
    assert healthy["high"] == pytest.approx(0.0950, abs=1e-4)


def test_sizes_have_their_rows():
    rows = {row["size"]: row for row in by_size([audited(KEPT, balls(LARGE, OTHER), KEPT)])}
    assert [rows[size]["lesions"] for size in ("< 5 mm", "5-10 mm", "> 10 mm")] == [1, 1, 1]
    assert [rows[size]["missed"] for size in ("< 5 mm", "5-10 mm", "> 10 mm")] == [1, 1, 0]
    assert rows["5-10 mm"]["invented"] == 1
    assert math.isnan(rows["< 5 mm"]["volume_ratio_median"])


def test_volume_bias_is_a_ratio_with_limits_of_agreement():
    shrunk = audited(balls(LARGE), balls((LARGE[0], 11.0)), balls(LARGE))
    found = summarise([*copies(shrunk, 3), *copies(GOOD, 3, "kept")], with_truth=True)["volume_ratio"]
    ratio = balls((LARGE[0], 11.0)).sum() / balls(LARGE).sum()
    assert found["bias"] == pytest.approx(math.sqrt(ratio))
    assert found["lower"] < found["bias"] < found["upper"]
    assert math.isnan(summarise(copies(GOOD, 2), with_truth=True)["volume_ratio"]["lower"])


def test_froc_goes_from_every_candidate_to_the_largest():
    cases = [audited(balls(LARGE, MIDDLE), balls(LARGE, MIDDLE, OTHER), balls(LARGE, MIDDLE))]
    curve = froc(cases)["translated"]
    assert curve[0] == (0, 1, 1)
    assert curve[-1][1:] == (0, 0.5)
    assert [point[1:] for point in curve] == sorted((point[1:] for point in curve), reverse=True)
    assert froc([HEALTHY]) == {}


def test_a_case_of_which_the_real_image_is_unknown_counts_nowhere():
    unknown = audited(None, KEPT)
    found = summarise([*copies(HEALTHY, 2), unknown], with_truth=False)
    assert found["cases"] == 2
