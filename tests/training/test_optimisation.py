import torch

from medtrans.training.optimisation import Optimisation
from medtrans.training.processes import launch
from medtrans.training.settings import TrainingSettings
from tests.methods.tiny import tiny


def optimisation(name, **changes):
    settings = TrainingSettings(device="cpu", **changes)
    return Optimisation(tiny(name), settings, launch(settings))


def test_rmsprop_divides_by_the_root_of_the_average_squared_gradient():
    """Three steps against the formula, v ← 0.9 v + 0.1 g², w ← w - rate g / √v."""
    trained = optimisation("dualgan")
    weight = next(trained.method.D_A.parameters())
    expected, average = weight.detach().clone(), torch.zeros_like(weight)
    for step in range(3):
        gradient = torch.sin(torch.arange(weight.numel()) + step + 1.0).reshape(weight.shape)
        weight.grad = gradient.clone()
        trained.step("critics", 1e-3)
        average = 0.9 * average + 0.1 * gradient**2
        expected -= 1e-3 * gradient / average.sqrt()
    assert torch.allclose(weight, expected, rtol=0, atol=1e-6)


def test_the_recipe_replaces_the_optimiser_of_the_method():
    trained = optimisation("dualgan", optimizer="adamw", learning_rate=1e-3, betas=(0.5, 0.9), weight_decay=0.1)
    for optimizer in trained.optimizers.values():
        assert isinstance(optimizer.optimizer, torch.optim.AdamW)
        (group,) = optimizer.param_groups
        assert (group["lr"], group["betas"], group["weight_decay"]) == (1e-3, (0.5, 0.9), 0.1)


def test_the_weight_decay_of_adam_is_a_term_of_the_gradient():
    """A gradient of zero and a decay give the first step of Adam for the gradient `decay · weight`: its sign."""
    trained = optimisation("regression", weight_decay=0.1)
    weight = next(trained.method.G.parameters())
    before = weight.detach().clone()
    weight.grad = torch.zeros_like(weight)
    trained.step("generator", 1e-3)
    assert torch.allclose(weight, before - 1e-3 * before.sign(), rtol=0, atol=1e-5)
