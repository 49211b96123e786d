import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.core.method import Task
from medtrans.losses.mind import mind
from medtrans.losses.nmi import normalised_mutual_information
from tests.methods.tiny import batch_for, tiny
from tests.methods.unpaired_toy import error, error_after_learning, learn, of_the_best_constant, toy_method


@pytest.mark.parametrize("dims", [2, 3])
def test_its_objectives_are_the_formulas(dims):
    method = tiny("cyclegan", dims, cycle=7.0, identity=3.0, structure="mind", structure_weight=2.0)
    batch = batch_for(method)
    x, y, G, F = batch.source, batch.target, method.G, method.F
    (_, generators), (_, discriminators) = method.losses(batch)
    fake_y, fake_x = G(x), F(y)
    D_Y, D_X = (lambda image, D=D: D(image)[0] for D in (method.D_Y, method.D_X))
    expected = {
        "gan_Y": (D_Y(fake_y) - 1).square().mean(),
        "gan_X": (D_X(fake_x) - 1).square().mean(),
        "cycle": 7 * ((F(fake_y) - x).abs().mean() + (G(fake_x) - y).abs().mean()),
        "identity": 3 * ((G(y) - y).abs().mean() + (F(x) - x).abs().mean()),
        "structure": 2 * ((mind(fake_y) - mind(x)).abs().mean() + (mind(fake_x) - mind(y)).abs().mean()),
    }
    torch.testing.assert_close(generators, expected)
    expected = {
        "D_Y": ((D_Y(y) - 1).square().mean() + D_Y(fake_y).square().mean()) / 2,
        "D_X": ((D_X(x) - 1).square().mean() + D_X(fake_x).square().mean()) / 2,
    }
    torch.testing.assert_close(discriminators, expected)


def test_mutual_information_is_the_other_structure():
    method = tiny("cyclegan", structure="nmi", structure_weight=2.0)
    batch = batch_for(method)
    _, terms = next(method.losses(batch))
    reference = normalised_mutual_information(method.G(batch.source), batch.source)
    back = normalised_mutual_information(method.F(batch.target), batch.target)
    torch.testing.assert_close(terms["structure"], 2 * (4 - reference.mean() - back.mean()))
    assert "structure" not in next(tiny("cyclegan").losses(batch))[1]


@pytest.mark.parametrize("changes", [{"identity": 5.0}, {"identity": 0.0, "structure": "mind"}])
def test_what_compares_source_and_target_needs_as_many_channels(changes):
    with pytest.raises(UsageError, match=r"5 source and 1 .*structure: none"):
        tiny("cyclegan", task=Task(spatial_dims=2, source_channels=5), **changes)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "changes", [{"cycle": 3.0}, {"structure": "mind"}, {"structure": "nmi", "structure_weight": 0.3}]
)
def test_its_objectives_pull_a_contrast_to_that_of_the_targets_without_pairs(changes, seed):
    assert error_after_learning(toy_method("cyclegan", seed, identity=0.0, pool=8, **changes), seed) < 0.6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "changes"),
    [(300, {"cycle": 3.0}), (160, {"structure": "mind"}), (160, {"structure": "nmi", "structure_weight": 1.0})],
)
def test_it_inverts_a_contrast_without_pairs(steps, changes):
    method = toy_method("cyclegan", identity=0.0, pool=8, **changes)
    assert error(method) > 0.9
    assert error(learn(method, steps)) < 0.12 < of_the_best_constant() / 1.8
