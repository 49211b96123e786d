import math

import numpy as np
import pytest
from scipy import stats

from medtrans.evaluating.statistics.ranking import holm, rank_systems
from medtrans.evaluating.statistics.summary import by_subject


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    for room in ("intervals", "ranking"):
        monkeypatch.setattr(f"medtrans.evaluating.statistics.{room}.RESAMPLES", 1000)


def values(count, seed=0):
    rng = np.random.default_rng(seed)
    good = rng.normal(60, 5, count)
    return {
        "worst": {str(n): float(v + 20 + n / 1000) for n, v in enumerate(good)},
        "best": {str(n): float(v) for n, v in enumerate(good)},
        "near": {str(n): float(v + d) for n, (v, d) in enumerate(zip(good, rng.normal(1.5, 2, count), strict=True))},
    }


def test_the_best_comes_first_with_its_rank_and_the_others_behind_it():
    found = rank_systems(values(12), "lower")
    assert found[0].system == "best"
    assert found[-1].system == "worst"
    assert found[-1].difference == pytest.approx(20, abs=0.1)
    assert found[-1].mean_rank == 3
    assert sum(line.mean_rank for line in found) == pytest.approx(1 + 2 + 3)
    assert rank_systems(values(12), "higher")[0].system == "worst"


def test_the_interval_is_about_that_of_a_mean_and_holds_it():
    (line,) = [s for s in rank_systems(values(40), "lower") if s.system == "best"]
    own = list(values(40)["best"].values())
    half = stats.t.ppf(0.975, 39) * np.std(own, ddof=1) / math.sqrt(40)
    assert line.low < line.mean < line.high
    assert line.high - line.low == pytest.approx(2 * half, rel=0.12)
    assert rank_systems(values(40), "lower") == rank_systems(values(40), "lower")


def test_p_is_wilcoxons_and_holm_corrects_all_metrics_together():
    table = values(12)
    found = holm({"mae": rank_systems(table, "lower"), "psnr": rank_systems(values(12, seed=1), "lower")})
    raw = {}
    for metric, seed in (("mae", 0), ("psnr", 1)):
        own = values(12, seed)
        for system in ("worst", "near"):
            apart = np.subtract(list(own[system].values()), list(own["best"].values()))
            raw[metric, system] = float(stats.wilcoxon(apart).pvalue)
    for metric, lines in found.items():
        for line in lines:
            if line.system == "best":
                assert math.isnan(line.p)
                continue
            # Holm, read from the other side: the largest of the smaller ones, each times how many are no smaller.
            smaller = [p for p in raw.values() if p <= raw[metric, line.system]]
            expected = max(min(1.0, p * (4 - sorted(raw.values()).index(p))) for p in smaller)
            assert line.p == pytest.approx(expected)


def test_the_place_is_sure_where_all_subjects_agree_and_not_where_they_differ():
    found = {line.system: line for line in rank_systems(values(12), "lower")}
    assert (found["worst"].rank, found["worst"].rank_low, found["worst"].rank_high) == (3, 3, 3)
    rng = np.random.default_rng(5)
    alike = {system: {str(n): float(v) for n, v in enumerate(rng.normal(size=12))} for system in "abc"}
    assert any(line.rank_low < line.rank_high for line in rank_systems(alike, "lower"))
    twins = {system: values(8)["best"] for system in "ab"}
    assert [line.rank for line in rank_systems(twins, "lower")] == [1, 1]


def test_the_difference_has_an_interval_an_effect_and_a_margin():
    found = {line.system: line for line in rank_systems(values(12), "lower", margin=4.0)}
    assert found["near"].difference_low < found["near"].difference < found["near"].difference_high
    assert found["worst"].effect == 1
    assert found["near"].equivalence_p < 0.05 < found["worst"].equivalence_p
    assert math.isnan(found["best"].equivalence_p)
    assert all(math.isnan(line.equivalence_p) for line in rank_systems(values(12), "lower"))


def test_no_difference_at_all_is_best_and_what_is_missing_is_said():
    table = values(8)
    table["best"]["2"] = math.inf
    first, *_ = rank_systems(table, "higher")
    assert {line.system: line.note for line in rank_systems(table, "higher")}["best"] == "1 of 8 subjects are infinite"
    assert first.system == "worst"
    psnr = {"one": {"a": math.inf, "b": 30.0, "c": 31.0}, "other": {"a": 40.0, "b": 29.0, "c": 30.0}}
    assert rank_systems(psnr, "higher")[0].system == "one"
    table["near"]["5"] = math.nan
    assert {line.system: line.note for line in rank_systems(table, "lower")}["near"] == "1 of 8 subjects have no value"


def test_few_subjects_get_no_test_and_fewer_no_interval():
    assert all(math.isnan(line.p) for line in rank_systems(values(5), "lower"))
    assert all(not math.isnan(line.low) for line in rank_systems(values(3), "lower"))
    assert all(math.isnan(line.low) for line in rank_systems(values(2), "lower"))


def test_what_could_not_be_measured_ranks_last():
    table = values(8)
    table["best"]["3"] = math.nan
    assert rank_systems(table, "lower")[0].mean_rank < 2
    assert by_subject([("a", 1.0), ("b", 5.0), ("a", 3.0)]) == {"a": 2.0, "b": 5.0}
