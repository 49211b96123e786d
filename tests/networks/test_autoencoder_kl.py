import pytest
import torch

from medtrans.networks.autoencoder_kl import AutoencoderKLSettings
from tests.networks.shaking import shaken


def small(dims=2, **changes):
    torch.manual_seed(0)
    return shaken(AutoencoderKLSettings(channels=(4, 8, 8), latent=3, **changes).build(dims, 1, 1))


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("attention", [True, False])
def test_a_code_is_a_small_image(dims, attention):
    network, size = small(dims, attention=attention), (8, 16, 4)[:dims]
    code = network.encode(torch.randn(2, 1, *size))
    assert code.shape == (2, 3, *[side // 4 for side in size])
    assert network.decode(code).shape == (2, 1, *size)


def test_without_noise_the_mean_code_is_decoded():
    network, image = small(), torch.randn(2, 1, 8, 8)
    network.power.fill_(7.0)
    made, mean, _ = network(image, torch.zeros(2, 3, 2, 2))
    assert torch.allclose(network.decode(network.encode(image)), made, atol=1e-5)
    assert torch.allclose(network.encode(image) * 7**0.5, mean, atol=1e-5)


def test_noise_is_scaled_by_the_deviation_of_the_code():
    network, image, noise = small(), torch.randn(2, 1, 8, 8), torch.randn(2, 3, 2, 2)
    made, mean, logvar = network(image, noise)
    code = mean + torch.exp(logvar / 2) * noise
    assert torch.allclose(network.decode(code / network.power.sqrt()), made, atol=1e-5)


def test_codes_are_scaled_by_what_they_were_while_training():
    network, image, noise = small(), torch.randn(2, 1, 8, 8), torch.zeros(2, 3, 2, 2)
    observed = float(network(image, noise)[1].square().mean())
    assert float(network.power) == 1, "evaluation leaves it alone"
    network.train()
    for _ in range(3):
        network(image, noise)
    assert float(network.power) == pytest.approx(0.99**3 + (1 - 0.99**3) * observed)


def test_what_is_far_away_changes_nothing():
    network, x = small(), torch.randn(1, 1, 16, 160)
    y = x.clone()
    y[..., 140:] += 5
    one, other = (network.decode(network.encode(image)) for image in (x, y))
    assert torch.equal(one[..., :40], other[..., :40])
    assert not torch.equal(one[..., -2:], other[..., -2:])
