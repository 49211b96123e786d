import pytest

from medtrans.training.schedule import learning_rate
from medtrans.training.settings import TrainingSettings


def test_linear_is_flat_for_half_and_then_falls_to_zero():
    settings = TrainingSettings(learning_rate=1.0, schedule="linear")
    assert [learning_rate(settings, 9, p) for p in (0, 0.5, 0.75, 1)] == pytest.approx([1, 1, 0.5, 0])


def test_cosine_is_half_way_down_at_half_time():
    settings = TrainingSettings(learning_rate=1.0, schedule="cosine")
    assert [learning_rate(settings, 9, p) for p in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_warm_up_rises_from_almost_nothing(schedule):
    settings = TrainingSettings(learning_rate=1.0, schedule=schedule, warm_up=4)
    assert [learning_rate(settings, step, step / 1000) for step in range(4)] == pytest.approx([0.25, 0.5, 0.75, 1.0])
