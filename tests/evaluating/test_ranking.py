import math

import numpy as np
import pytest
from scipy import stats

from medtrans.evaluating.ranking import by_subject, standings


def values(count, seed=0):
    dice = np.random.default_rng(seed)
    good = dice.normal(60, 5, count)
    return {
        "worst": {str(n): float(v + 20) for n, v in enumerate(good)},
        "best": {str(n): float(v) for n, v in enumerate(good)},
        "near": {str(n): float(v + d) for n, (v, d) in enumerate(zip(good, dice.normal(1.5, 2, count), strict=True))},
    }


def test_the_best_comes_first_with_its_rank_and_the_others_behind_it():
    found = standings(values(12), "lower")
    assert found[0].who == "best"
    assert found[-1].who == "worst"
    assert found[-1].behind == pytest.approx(20)
    assert found[-1].rank == 3
    assert sum(line.rank for line in found) == pytest.approx(1 + 2 + 3)
    assert standings(values(12), "higher")[0].who == "worst"


def test_the_interval_is_about_that_of_a_mean_and_holds_it():
    (line,) = [s for s in standings(values(40), "lower") if s.who == "best"]
    own = list(values(40)["best"].values())
    half = stats.t.ppf(0.975, 39) * np.std(own, ddof=1) / math.sqrt(40)
    assert line.low < line.mean < line.high
    assert line.high - line.low == pytest.approx(2 * half, rel=0.1)
    assert standings(values(40), "lower") == standings(values(40), "lower")


def test_p_is_wilcoxons_times_holms_factor():
    table = values(12)
    found = {line.who: line for line in standings(table, "lower")}
    pairs = {who: np.subtract(list(table[who].values()), list(table["best"].values())) for who in ("worst", "near")}
    raw = {who: float(stats.wilcoxon(d).pvalue) for who, d in pairs.items()}
    assert found["worst"].p == pytest.approx(2 * raw["worst"])
    assert found["near"].p == pytest.approx(max(raw["near"], 2 * raw["worst"]))
    assert math.isnan(found["best"].p)


def test_few_subjects_get_no_test_and_fewer_no_interval():
    assert all(math.isnan(line.p) for line in standings(values(5), "lower"))
    assert all(not math.isnan(line.low) for line in standings(values(3), "lower"))
    assert all(math.isnan(line.low) for line in standings(values(2), "lower"))


def test_what_could_not_be_measured_ranks_last():
    table = values(8)
    table["best"]["3"] = math.nan
    assert standings(table, "lower")[0].rank < 2
    assert by_subject([("a", 1.0), ("b", 5.0), ("a", 3.0)]) == {"a": 2.0, "b": 5.0}
