import pytest
import torch

from tests.methods.tiny import batch_for, tiny
from tests.methods.unpaired_toy import error, error_after_learning, learn, of_the_best_constant, toy_method


def test_its_objectives_are_the_formulas():
    method = tiny("dualgan", recovery=7.0, generator={"name": "resnet", "filters": 4, "blocks": 1})
    batch = batch_for(method)
    u, v = batch.source, batch.target
    turns = list(method.losses(batch))
    assert [player for player, _ in turns] == ["critics", "critics", "critics", "generators"] == method.turns()
    fake_v, fake_u = method.G_A(u), method.G_B(v)
    D_A, D_B = (lambda image, D=D: D(image)[0].mean() for D in (method.D_A, method.D_B))
    critics = {"D_A": D_A(fake_v) - D_A(v), "D_B": D_B(fake_u) - D_B(u)}
    torch.testing.assert_close(turns[0][1], critics)
    recovery = (method.G_B(fake_v) - u).abs().mean() + (method.G_A(fake_u) - v).abs().mean()
    generators = {"gan_A": -D_A(fake_v), "gan_B": -D_B(fake_u), "recovery": 7 * recovery}
    torch.testing.assert_close(turns[3][1], generators)


def test_only_the_critics_are_clipped_and_before_each_of_their_turns():
    method = tiny("dualgan", clip=0.01)
    with torch.no_grad():
        for weight in method.parameters():
            weight.add_(0.5)
    for player, _ in method.losses(batch_for(method)):
        largest = {
            system: max(float(weight.detach().abs().max()) for net in nets for weight in net.parameters())
            for system, nets in method.players().items()
        }
        assert largest["generators"] > 0.4
        if player == "critics":
            assert largest["critics"] <= 0.01
            with torch.no_grad():
                method.D_A.layers[0].weight.add_(1)


@pytest.mark.parametrize("seed", range(2))
def test_its_objectives_pull_a_contrast_to_that_of_the_targets_without_pairs(seed):
    assert error_after_learning(toy_method("dualgan", seed, recovery=1.0), seed) < 0.6


@pytest.mark.slow
def test_it_inverts_a_contrast_without_pairs():
    method = toy_method("dualgan")
    assert error(method) > 0.9
    assert error(learn(method, 300)) < 0.12 < of_the_best_constant() / 1.8
