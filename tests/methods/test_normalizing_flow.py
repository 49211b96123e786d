import pytest
import torch

from medtrans.core.method import Batch, Task
from tests.methods.drawn_toy import discs, error, learn, toy_method, translated
from tests.networks.shaking import shaken


def test_the_likelihood_of_all_images_of_two_numbers_is_one():
    task = Task(spatial_dims=2, target_channels=2)
    method = toy_method("normalizing_flow", task, flow={"scales": 0, "layers": 3, "features": 8})
    shaken(method, 0.3)
    axis = torch.linspace(-12, 12, 400)
    images = torch.cartesian_prod(axis, axis).view(-1, 2, 1, 1)
    likelihood = method.log_likelihood(images, torch.full((len(images), 1, 1, 1), 0.5)).exp()
    assert float(likelihood.sum()) * float(axis[1] - axis[0]) ** 2 == pytest.approx(1, abs=1e-3)
    other = method.log_likelihood(images, torch.full((len(images), 1, 1, 1), -0.5)).exp()
    assert not torch.allclose(likelihood, other, atol=1e-3), "another source, another density"


def test_the_objective_is_the_likelihood_of_targets_with_dequantisation_noise():
    method = toy_method("normalizing_flow", flow={"scales": 1, "layers": 1, "features": 4}, dequantisation_noise=0.5)
    x, y = torch.randn(2, 3, 1, 8, 8)
    batch = Batch(x, y, seeds=torch.arange(3))
    ((_, terms),) = method.losses(batch)
    # Before any training the map is a rotation: the noise is as long as the image.
    grainy = y + 0.5 * batch.normal(1, 8, 8)
    expected = -torch.distributions.Normal(0, 1).log_prob(grainy).mean()
    assert float(terms["nats_per_voxel"].detach()) == pytest.approx(float(expected), rel=1e-4)


def test_the_temperature_is_of_single_translations():
    assert toy_method("normalizing_flow").single_noise_std == 0.7
    assert toy_method("normalizing_flow", temperature=0.2).single_noise_std == 0.2


def test_it_learns_and_its_map_can_be_undone():
    method = toy_method("normalizing_flow", flow={"layers": 3, "features": 16})
    assert error(method) > 0.5
    assert error(learn(method, 100, rate=5e-3)) < 0.1
    x, made = translated(method)
    _, again = translated(method)
    assert torch.equal(made, again)
    y = discs(len(x), torch.Generator().manual_seed(3))
    with torch.no_grad():
        noise, _ = method.flow(y, x)
        assert torch.allclose(method.translate(x, noise=noise), y, rtol=0, atol=1e-4)
        calm, wild = (method.translate(x, noise=scale * torch.randn_like(x)) for scale in (0.0, 1.0))
    assert (calm - wild).abs().flatten(1).amax(1).min() > 0.01, "the noise decides"
