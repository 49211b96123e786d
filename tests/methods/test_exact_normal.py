"""With an exact predictor, samples have the standard deviation of the targets: 0.85 to 1.15 of it, 20 to 512 HU."""

import pytest
import torch

from tests.methods.drawn_toy import toy_method
from tests.methods.exact_normal import HU_PER_UNIT, MEAN, ExactDenoiser, ExactFlow, ExactVelocity
from tests.methods.test_latent_diffusion import Folding

DEVIATIONS = pytest.mark.parametrize("hounsfield", [20, 41, 102, 205, 512])


def ratio(method, deviation):
    """Standard deviation over samples, over the true one. A stretched grid of noise stands for many samples."""
    noise = torch.linspace(-2, 2, 64).view(1, 1, 8, 8).repeat(1, method.noise_channels, 1, 1)
    with torch.inference_mode():
        made = method.translate(torch.zeros(1, 1, 8, 8), noise=noise)
    if type(method).__name__ == "LatentDiffusion":
        made, noise = made[..., ::2, ::2], noise[..., ::2, ::2]
    assert float(made.mean()) == pytest.approx(MEAN + deviation * float(noise.mean()), abs=0.01 + 0.2 * deviation)
    return float(made.std() / (deviation * noise.std()))


def method(name, deviation, **changes):
    known = toy_method(name, **changes)
    if name == "rectified_flow":
        known.velocity = ExactVelocity(deviation)
    elif name == "normalizing_flow":
        known.flow = ExactFlow(deviation)
    else:
        channels = 1
        if name == "latent_diffusion":
            known.attach_frozen("autoencoder", Folding())
            channels = 4
        known.denoiser = ExactDenoiser(known.schedule, deviation, channels)
    return known


@DEVIATIONS
@pytest.mark.parametrize("name", ["rectified_flow", "diffusion", "latent_diffusion", "normalizing_flow"])
def test_every_method_that_draws_by_its_defaults(name, hounsfield):
    deviation = hounsfield / HU_PER_UNIT
    assert 0.85 < ratio(method(name, deviation), deviation) < 1.15


@DEVIATIONS
@pytest.mark.parametrize("prediction", ["v", "epsilon"])
@pytest.mark.parametrize(
    ("sampler", "steps"), [("pndm", 20), ("pndm", 25), ("pndm", 50), ("ddim", 25), ("ddim", 50), ("ddim", 100)]
)
def test_every_sampler_of_diffusion(sampler, steps, prediction, hounsfield):
    deviation = hounsfield / HU_PER_UNIT
    options = {"sampler": sampler, "steps": steps, "prediction": prediction}
    assert 0.85 < ratio(method("diffusion", deviation, noise_schedule=options), deviation) < 1.15


@DEVIATIONS
@pytest.mark.parametrize(("solver", "steps"), [("heun", 10), ("heun", 20), ("euler", 50)])
def test_every_solver_of_a_flow(solver, steps, hounsfield):
    deviation = hounsfield / HU_PER_UNIT
    assert 0.85 < ratio(method("rectified_flow", deviation, solver=solver, steps=steps), deviation) < 1.15
