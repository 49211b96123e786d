import csv
import io
import json
import math

import pytest

from medtrans.core.metric import Score
from medtrans.evaluating.results import Evaluation, to_csv, to_json, to_text
from medtrans.evaluating.scoring import definition


def refuse_constants(word):
    raise AssertionError(f"{word} is not strict JSON")


@pytest.fixture
def awkward():
    """A value that is nan, one that is infinite, a control, and a case that was refused."""
    scores = [
        Score("a", "sub-a", "translated", "mae", 20.5, "HU", "lower"),
        Score("a", "sub-a", "translated", "psnr", math.inf, "dB", "higher", "identical"),
        Score("a", "sub-a", "copy", "mae", 99.0, "HU", "lower"),
        Score("b", "sub-b", "translated", "mae", math.nan, "HU", "lower", "the mask holds no voxel"),
    ]
    return Evaluation(definition("synthrad2025", "body, by hand"), scores, {"c": "has no partner"})


def test_json_is_strict_and_has_the_promised_shape(awkward):
    found = json.loads(to_json(awkward), parse_constant=refuse_constants)
    meaning = found["definition"]
    assert (meaning["preset"], meaning["range"], meaning["data_range"]) == ("synthrad2025", [-1024, 3071], 4095)
    assert meaning["mask"] == "body, by hand"
    first, second = found["cases"]
    assert (first["name"], first["scores"]) == ("a", {"mae": 20.5, "psnr": "inf"})
    assert first["controls"] == {"copy": {"scores": {"mae": 99.0}}}
    assert second["scores"] == {"mae": None}
    assert second["notes"] == {"mae": "the mask holds no voxel"}
    assert {key: found["summary"]["mae"][key] for key in ("n", "n_nan", "mean", "sd")} == {
        "n": 1, "n_nan": 1, "mean": 20.5, "sd": None,
    }  # fmt: skip
    assert found["controls"]["copy"]["mae"]["mean"] == 99.0
    assert found["not_assessed"] == {"c": "has no partner"}


def test_csv_has_a_row_per_score_that_can_be_read_alone(awkward):
    rows = list(csv.DictReader(io.StringIO(to_csv(awkward).decode())))
    assert len(rows) == 5
    assert (rows[-1]["case"], rows[-1]["metric"], rows[-1]["note"]) == ("c", "not assessed", "has no partner")
    own = {"case", "subject", "system", "metric", "value", "unit", "direction", "note"}
    assert rows[0].keys() == own | {"preset", "low", "high", "mask", "details"}
    assert [float(row["value"]) for row in rows[:3]] == [20.5, math.inf, 99.0]
    assert rows[3]["note"] == "the mask holds no voxel"
    assert all((row["preset"], row["low"], row["mask"]) == ("synthrad2025", "-1024", "body, by hand") for row in rows)


def test_the_shell_table_says_cases_controls_counts_and_definition(awkward):
    table = to_text(awkward)
    said = "a (copy)", "99.0000", "mean (copy)", "median", "nan 1", "inf 1", "range -1024 … 3071", "body, by hand"
    for piece in said:
        assert piece in table
    assert "b mae: the mask holds no voxel" in table
