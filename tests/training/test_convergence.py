import pytest

from medtrans.training.convergence import convergence


def rows(*values):
    return [{"step": 10 * (i + 1), "validation/mae": value} for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("values", "code", "outcome"),
    [
        ((9, 5, 3, 3, 3, 3, 3, 2.99), "converged", "pass"),
        ((9, 8, 7, 6, 5, 4, 3, 2), "not-converged", "fail"),
        ((3, 2, 2, 2, 2, 2, 4, 4), "past-best", "fail"),
        ((3,), "not-assessable", "not assessable"),
        ((), "not-assessable", "not assessable"),
    ],
)
def test_the_verdict_follows_from_the_change_of_the_metric(values, code, outcome):
    verdict = convergence(rows(*values), "validation/mae", "lower")
    assert (verdict.code, verdict.outcome) == (code, outcome)
    assert verdict.numbers["validations"] == len(values)


def test_the_direction_of_the_metric_matters():
    assert convergence(rows(1, 2, 3, 4, 5), "validation/mae", "higher").code == "not-converged"
    assert convergence(rows(1, 2, 3, 4, 5), "validation/mae", "lower").code == "past-best"


def test_the_reason_names_the_metric_and_the_change():
    verdict = convergence(rows(9, 8, 7, 6, 5, 4, 4, 2), "validation/mae", "lower")
    assert verdict.reason == "validation/mae still improved by 50% over the last quarter of 80 steps"
    assert verdict.numbers["gain"] == pytest.approx(0.5)
    assert "only 1 of the 4 needed values" in convergence(rows(3), "validation/mae", "lower").reason
