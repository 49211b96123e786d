import pytest

from medtrans.core.score import Clause, Definition, MetricId


@pytest.mark.parametrize(
    ("metric", "label"),
    [
        (MetricId("mae"), "mae"),
        (MetricId("nmi", (("bins", "32"),)), "nmi[bins=32]"),
        (MetricId("dice", region="left kidney"), "dice[left kidney]"),
        (MetricId("psnr", (("low", "-200"), ("high", "300"))), "psnr[low=-200,high=300]"),
    ],
)
def test_a_metric_has_a_label_and_comes_back_from_it_and_from_json(metric, label):
    assert metric.label == str(metric) == label
    assert MetricId.from_label(label) == metric
    assert MetricId.from_dict(metric.to_dict()) == metric


def definition(**changes):
    fields = {"preset": "dose", "modality": "dose", "value_range": (0, float("inf")), "data_range": float("inf")}
    return Definition(**{**fields, "region": "body", **changes})


def test_a_definition_comes_back_from_its_plain_values():
    whole = definition(clauses=(Clause("Gamma index", "3 %.", {"percent": 3}),))
    assert Definition.from_dict(whole.to_dict()) == whole


def test_definitions_are_compared_field_by_field_and_clause_by_clause():
    one = definition(clauses=(Clause("mae", "a"), Clause("nmi", "b", {"bins": 64})))
    other = definition(region="mask", clauses=(Clause("nmi", "b", {"bins": 32}), Clause("mae", "a")))
    assert one.differences(other) == ["region", "nmi"]
    assert one.differences(one) == []
    assert one.differences(definition()) == ["mae", "nmi"]
