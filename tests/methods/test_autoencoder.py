import pytest
import torch

from tests.methods.alone_toy import distance, in_a_row, learn, sampled, toy_method
from tests.methods.tiny import batch_for, tiny

NET = {"channels": [8, 16]}


@pytest.mark.parametrize(("name", "power"), [("l1", 1), ("l2", 2)])
def test_its_objective_is_the_formula(name, power):
    method = tiny("autoencoder", distance=name)
    batch = batch_for(method)
    ((player, terms),) = method.losses(batch)
    expected = (method.D(method.E(batch.target)) - batch.target).abs().pow(power).mean()
    assert player == "autoencoder"
    assert terms.keys() == {name}
    torch.testing.assert_close(terms[name], expected)


def test_it_passes_everything_through_the_bottleneck():
    method = tiny("autoencoder", latent=5)
    images = batch_for(method).target
    assert method.encode(images).shape == (2, 5)
    assert torch.equal(method.decode(method.encode(images)), method.reconstruct(images))


def test_it_reconstructs_and_sampled_codes_give_no_valid_image():
    method = learn(toy_method("autoencoder", encoder=NET, decoder=NET, latent=2), 300, in_a_row)
    # At a constant rate the last error is noise, which differs between processors: the rate falls at the end.
    method = learn(method.train(), 150, in_a_row, rate=2e-4)
    images, _ = in_a_row(128, torch.Generator().manual_seed(2))
    with torch.no_grad():
        left = (method.reconstruct(images) - images).square().mean().sqrt()
    assert left < 0.05
    assert distance(sampled(method), images).mean() > 4 * left
