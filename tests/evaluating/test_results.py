import csv
import io
import json
import math
import re
import statistics
from dataclasses import replace

import pytest

from medtrans.core.finding import Finding
from medtrans.core.measurement import Measurement, Structure
from medtrans.core.score import Evaluation, MetricId, Score
from medtrans.evaluating.image_scores import definition
from medtrans.evaluating.results import to_csv, to_json, to_text, to_wide_csv

MAE, PSNR = MetricId("mae"), MetricId("psnr")
LOST = Finding(code="missing-target", severity="refuse", where="c", what="has no partner")


def refuse_constants(word):
    raise AssertionError(f"{word} is not strict JSON")


@pytest.fixture
def awkward():
    """A value that is nan, one that is infinite, a baseline, and a case that was refused."""
    scores = [
        Score("a", "sub-a", "translated", MAE, 20.5, "HU", "lower"),
        Score("a", "sub-a", "translated", PSNR, math.inf, "dB", "higher", "identical"),
        Score("a", "sub-a", "copy", MAE, 99.0, "HU", "lower"),
        Score("b", "sub-b", "translated", MAE, math.nan, "HU", "lower", "the mask holds no voxel"),
    ]
    return Evaluation(definition("synthrad2025", "body, by hand"), scores, {"c": LOST})


def test_json_is_strict_and_has_the_promised_shape(awkward):
    found = json.loads(to_json(awkward), parse_constant=refuse_constants)
    meaning = found["definition"]
    assert (meaning["preset"], meaning["value_range"], meaning["data_range"]) == ("synthrad2025", [-1024, 3071], 4095)
    assert meaning["region"] == "body, by hand"
    first, second = found["cases"]
    assert (first["name"], first["scores"]) == ("a", {"mae": 20.5, "psnr": "inf"})
    assert first["baselines"] == {"copy": {"scores": {"mae": 99.0}}}
    assert second["scores"] == {"mae": None}
    assert second["notes"] == {"mae": "the mask holds no voxel"}
    assert {key: found["summary"]["mae"][key] for key in ("n", "n_nan", "mean", "sd")} == {
        "n": 1, "n_nan": 1, "mean": 20.5, "sd": None,
    }  # fmt: skip
    assert found["baselines"]["copy"]["mae"]["mean"] == 99.0
    assert found["failed"] == {"c": LOST.to_dict()}


def test_csv_has_a_row_per_score_that_can_be_read_alone(awkward):
    rows = list(csv.DictReader(io.StringIO(to_csv(awkward).decode())))
    assert len(rows) == 5
    assert (rows[-1]["case"], rows[-1]["metric"], rows[-1]["note"]) == ("c", "failed", "has no partner")
    own = {"case", "subject", "scanner", "system", "metric", "tissue", "structure"}
    own |= {"value", "unit", "direction", "note"}
    assert rows[0].keys() == own | {"preset", "low", "high", "region", "definition"}
    assert [float(row["value"]) for row in rows[:3]] == [20.5, math.inf, 99.0]
    assert rows[3]["note"] == "the mask holds no voxel"
    assert all((row["preset"], row["low"], row["region"]) == ("synthrad2025", "-1024", "body, by hand") for row in rows)
    assert rows[0]["definition"]
    assert not any(row["definition"] for row in rows[1:])


def test_strata_are_columns_of_the_long_table():
    bone = Score("a", "a", "translated", MetricId("tissue_error", (("tissue", "bone"),)), 80.0)
    liver = Score("a", "a", "translated", MetricId("dice", region="liver"), 0.9)
    found = Evaluation(definition("synthrad2025", "body"), [bone, liver], scanners={"a": "site 1"})
    rows = list(csv.DictReader(io.StringIO(to_csv(found).decode())))
    strata = [(row["scanner"], row["tissue"], row["structure"]) for row in rows]
    assert strata == [("site 1", "bone", ""), ("site 1", "", "liver")]
    assert Evaluation.from_json(to_json(found)).scanners == {"a": "site 1"}


def test_the_wide_table_has_a_row_per_case_and_system(awkward):
    rows = list(csv.DictReader(io.StringIO(to_wide_csv(awkward).decode())))
    whose = [(row["case"], row["system"], row["mae"], row["failed"]) for row in rows]
    assert whose == [
        ("a", "translated", "20.5", ""),
        ("a", "copy", "99.0", ""),
        ("b", "translated", "nan", ""),
        ("c", "translated", "", "has no partner"),
    ]


def test_the_mean_has_its_interval_in_the_terminal_and_in_json():
    values = [1.0, 2.0, 4.0]
    scores = [Score(str(n), str(n), "translated", MAE, value, "HU") for n, value in enumerate(values)]
    found = Evaluation(definition("synthrad2025", "body"), scores)
    half = 4.302652729911275 * statistics.stdev(values) / math.sqrt(3)  # t(.975, 2)
    summary = json.loads(to_json(found))["summary"]["mae"]
    assert (summary["low"], summary["high"]) == pytest.approx((7 / 3 - half, 7 / 3 + half))
    assert re.search(rf"95 % from +{7 / 3 - half:.4f}", to_text(found))


def test_the_shell_table_says_cases_baselines_counts_and_definition(awkward):
    table = to_text(awkward)
    said = "a (copy)", "99.0000", "mean (copy)", "median", "nan 1", "inf 1", "range -1024 … 3071", "body, by hand"
    for piece in said:
        assert piece in table
    assert "b mae: the mask holds no voxel" in table


def test_an_evaluation_comes_back_from_its_json(awkward):
    whole = replace(
        awkward,
        structures=(Structure("a", "sub-a", "translated", "liver", 9.0, 0.0),),
        measurements=(Measurement("a", "sub-a", "mean in the mask", "HU", 1.0, math.inf),),
        input_hashes={"a": {"target": "1f", "mask": "2e"}},
        findings=(LOST,),
    )
    found = Evaluation.from_json(to_json(whole))
    assert found.definition == whole.definition
    assert [str(score) for score in found.scores] == [str(score) for score in whole.scores]
    assert (found.failed, found.input_hashes, found.findings) == ({"c": LOST}, whole.input_hashes, (LOST,))
    assert str(found.structures) == str(whole.structures)
    assert found.measurements == whole.measurements
    assert to_json(found) == to_json(whole)
