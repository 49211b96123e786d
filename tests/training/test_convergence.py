import pytest

from medtrans.training.convergence import HalfRun, convergence

MAE = "validation/mae"


def rows(*values, rate=lambda progress: 1e-3):
    last = max(len(values) - 1, 1)
    return [{"step": 10 * (i + 1), MAE: value, "learning_rate": rate(i / last)} for i, value in enumerate(values)]


def linear(progress):
    return 1e-3 * min(1, 2 * (1 - progress))


@pytest.mark.parametrize(
    ("values", "code", "outcome"),
    [
        ((9, 5, 3, 3, 3, 3, 3, 2.99), "converged", "pass"),
        ((9, 8, 7, 6, 5, 4, 3, 2), "not-converged", "fail"),
        ((3, 2, 2, 2, 2, 2, 4, 4), "past-best", "fail"),
        ((3, 3, 3, 3, 3, 3, 3, 3), "not-assessable", "not assessable"),
        ((3,), "not-assessable", "not assessable"),
        ((3, float("nan"), float("nan"), float("nan")), "not-assessable", "not assessable"),
        ((), "not-assessable", "not assessable"),
    ],
)
def test_at_a_constant_rate_the_verdict_follows_from_the_last_quarter(values, code, outcome):
    verdict = convergence(rows(*values), MAE, "lower")
    assert (verdict.code, verdict.outcome) == (code, outcome)
    assert verdict.numbers["validations"] == sum(value == value for value in values)


@pytest.mark.parametrize("values", [(9, 5, 3, 3, 3, 3, 3, 3), (9, 8, 7, 6, 5, 4, 3, 2)])
def test_no_curve_passes_while_the_learning_rate_decays(values):
    verdict = convergence(rows(*values, rate=linear), MAE, "lower")
    assert verdict.outcome == "not assessable"
    assert "the learning rate fell from 0.001 to 0" in verdict.reason
    assert "a run of 40 steps" in verdict.reason
    assert verdict.numbers["learning_rate"] < verdict.numbers["highest_learning_rate"]


def test_a_rate_that_rises_in_a_warm_up_does_not_decay():
    verdict = convergence(rows(9, 5, 3, 3, 3, 3, 3, 3, rate=lambda progress: 1e-3 * min(1, 2 * progress)), MAE, "lower")
    assert verdict.outcome == "pass"


def test_worse_than_before_is_no_question_of_the_rate():
    assert convergence(rows(3, 2, 2, 2, 2, 2, 4, 4, rate=linear), MAE, "lower").code == "past-best"


def test_without_logged_rates_nothing_passes():
    bare = [{"step": row["step"], MAE: row[MAE]} for row in rows(9, 5, 3, 3, 3, 3, 3, 3)]
    assert convergence(bare, MAE, "lower").outcome == "not assessable"


@pytest.mark.parametrize(
    ("best", "code", "outcome"),
    [(3.96, "converged", "pass"), (2.0, "not-converged", "fail"), (4.4, "past-best", "fail")],
)
def test_a_run_of_half_the_steps_decides_under_any_schedule(best, code, outcome):
    half = HalfRun("shorter", rows(9, 4, rate=linear))
    verdict = convergence(rows(9, 7, 6, best, rate=linear), MAE, "lower", half)
    assert (verdict.code, verdict.outcome) == (code, outcome)
    assert verdict.reason.startswith(f"{MAE} was 4 after 20 steps (shorter), {best:.4g} after 40")
    numbers = verdict.numbers
    assert (numbers["half_steps"], numbers["half_best"], numbers["best"]) == (20, 4, best)


def test_the_example_of_a_short_and_a_long_training_is_judged_the_right_way_round():
    """60 flat steps at 202 HU were "converged", 960 that reached 86 HU "not converged"."""
    short = convergence(rows(203, 202.5, 202, 202, rate=linear), MAE, "lower")
    long = convergence(rows(120, 90, 87, 86, rate=linear), MAE, "lower", HalfRun("480 steps", rows(130, 87)))
    assert (short.outcome, long.outcome) == ("not assessable", "pass")


def test_the_direction_of_the_metric_matters():
    assert convergence(rows(1, 2, 3, 4, 5), MAE, "higher").code == "not-converged"
    assert convergence(rows(1, 2, 3, 4, 5), MAE, "lower").code == "past-best"
    assert convergence(rows(1, 2), MAE, "higher", HalfRun("half", rows(1, 1))).code == "not-converged"


def test_the_reason_names_the_metric_and_the_change():
    verdict = convergence(rows(9, 8, 7, 6, 5, 4, 4, 2), MAE, "lower")
    assert verdict.reason == f"{MAE} was 50.0% better over the last quarter of 80 steps and still improves"
    assert verdict.numbers["gain"] == pytest.approx(0.5)
    assert "up to 2% counts as flat" in convergence(rows(9, 5, 3, 3, 3, 3, 3, 3), MAE, "lower").reason
    assert "only 1 of the 4 needed values" in convergence(rows(3), MAE, "lower").reason
