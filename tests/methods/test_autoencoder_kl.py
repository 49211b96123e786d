import pytest
import torch
from torch.distributions import Normal, kl_divergence

from medtrans.core.method import Batch, Task
from tests.methods.drawn_toy import discs, learn, toy_method

SMALL = {"channels": [8, 16]}
JUDGE = {"name": "patch_discriminator", "filters": 8, "layers": 1}


def off(method):
    x = discs(64, torch.Generator().manual_seed(2))
    with torch.no_grad():
        return float((method.reconstruct(x) - x).abs().mean())


def test_its_terms_are_the_distance_and_the_divergence_per_voxel():
    method, x = toy_method("autoencoder_kl", network=SMALL, kl=0.5), discs(3, torch.Generator().manual_seed(0))
    batch = Batch(x, x, seeds=torch.arange(3))
    with torch.no_grad():
        ((_, terms),) = method.losses(batch)
        made, mean, logvar = method.autoencoder(x, batch.normal(4, 4, 4))
    assert float(terms["l1"]) == pytest.approx(float((made - x).abs().mean()))
    divergence = kl_divergence(Normal(mean, (logvar / 2).exp()), Normal(0, 1))
    assert float(terms["kl"]) == pytest.approx(0.5 * float(divergence.sum()) / x.numel(), rel=1e-4)


def test_the_discriminator_is_a_second_player():
    method = toy_method("autoencoder_kl", network=SMALL, adversarial=0.1, discriminator=JUDGE)
    x = discs(2, torch.Generator().manual_seed(0))
    turns = {player: set(terms) for player, terms in method.losses(Batch(x, x, seeds=torch.arange(2)))}
    assert turns == {"autoencoder": {"l1", "kl", "gan"}, "discriminator": {"gan"}}
    assert list(method.turns()) == list(turns)
    played = {id(weight) for nets in method.players().values() for net in nets for weight in net.parameters()}
    assert played == {id(weight) for weight in method.parameters()}


def test_of_a_stack_the_middle_slice_is_reconstructed():
    method = toy_method("autoencoder_kl", Task(spatial_dims=2, source_channels=3), network=SMALL).eval()
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        assert torch.equal(method.translate(x), method.reconstruct(x[:, 1:2]))


def test_it_learns():
    method = toy_method("autoencoder_kl", network=SMALL)
    assert off(method) > 0.5
    assert off(learn(method, 100)) < 0.15, "discs lie 0.4 from their means"
