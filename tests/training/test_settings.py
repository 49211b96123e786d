from dataclasses import replace

import pytest

from medtrans.core.errors import UsageError
from medtrans.core.optimizer import OptimizerSettings
from medtrans.training.settings import TrainingSettings

ADAM = OptimizerSettings(learning_rate=2e-4, betas=(0.5, 0.999), weight_decay=1e-5)
RMSPROP = OptimizerSettings(name="rmsprop", learning_rate=5e-5, betas=(0.0, 0.9))


@pytest.mark.parametrize("proposed", [ADAM, RMSPROP])
def test_what_is_not_given_is_the_methods_own(proposed):
    assert TrainingSettings().chosen_optimizer(proposed) == proposed


@pytest.mark.parametrize(
    ("key", "value"), [("learning_rate", 1e-3), ("betas", (0.0, 0.9)), ("weight_decay", 0.0), ("weight_decay", 0.1)]
)
def test_what_is_given_replaces_that_alone(key, value):
    assert TrainingSettings(**{key: value}).chosen_optimizer(ADAM) == replace(ADAM, **{key: value})


@pytest.mark.parametrize(
    ("proposed", "name", "betas"),
    [(ADAM, "adamw", (0.5, 0.999)), (ADAM, "rmsprop", (0.0, 0.9)), (RMSPROP, "adam", (0.9, 0.999))],
)
def test_another_kind_of_optimiser_has_its_usual_decay_rates(proposed, name, betas):
    chosen = TrainingSettings(optimizer=name).chosen_optimizer(proposed)
    assert (chosen.name, chosen.betas, chosen.learning_rate) == (name, betas, proposed.learning_rate)


def test_an_average_of_gradients_that_rmsprop_does_not_have_is_refused():
    with pytest.raises(UsageError, match=r"training\.betas: rmsprop has no moving average of gradients"):
        TrainingSettings(betas=(0.5, 0.9)).chosen_optimizer(RMSPROP)


def test_resolved_settings_name_the_whole_optimiser_and_resolve_to_themselves():
    resolved = TrainingSettings(learning_rate=1e-3, steps=7).resolved(RMSPROP)
    assert (resolved.optimizer, resolved.learning_rate, resolved.betas) == ("rmsprop", 1e-3, (0.0, 0.9))
    assert (resolved.weight_decay, resolved.steps) == (0.0, 7)
    assert resolved.resolved(ADAM) == resolved
