from dataclasses import dataclass

import pytest
import torch
from torch import nn

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Method, Task
from medtrans.core.settings import Settings
from medtrans.networks._pixel_shuffle import pixel_shuffle, pixel_unshuffle
from tests.methods.drawn_toy import error, learn, toy_method

SMALL = {"channels": [16, 16]}
TASK = Task(spatial_dims=2)


@dataclass(frozen=True, kw_only=True)
class NoSettings(Settings):
    """Nothing to set."""


class Folding(Method):
    """An autoencoder without weights that loses nothing: blocks of 2 voxels a side become channels."""

    Settings = NoSettings
    divisor, latent_channels = 2, 4

    def __init__(self, task=TASK):
        super().__init__(task, NoSettings())

    def players(self):
        return {}

    def losses(self, batch):
        yield from ()

    def encode(self, image):
        return pixel_unshuffle(image, 2)

    def decode(self, code):
        return pixel_shuffle(code, 2)


def diffusion(**changes):
    method = toy_method("latent_diffusion", **{"denoiser": SMALL, **changes})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        method.attach_frozen("autoencoder", Folding())
    return method


class Known(nn.Module):
    """Predicts zero; keeps its last input."""

    def forward(self, observed, t):
        self.observed = observed
        return torch.zeros_like(observed[:, :4])


def test_the_network_takes_the_noisy_code_and_the_whole_source():
    method = diffusion()
    method.denoiser = Known()
    x, y = torch.randn(2, 3, 1, 8, 8)
    batch = Batch(x, y, seeds=torch.arange(3))
    ((_, terms),) = method.losses(batch)
    noisy, source = method.denoiser.observed.split([4, 4], dim=1)
    assert torch.equal(pixel_shuffle(source, 2), x)
    t, noise = method.schedule.timesteps(batch.uniform(key=1)), batch.normal(4, 4, 4)
    assert torch.allclose(noisy, method.schedule.add_noise(pixel_unshuffle(y, 2), noise, t))
    aim = method.schedule.target(pixel_unshuffle(y, 2), noise, t)
    assert float(terms["v"]) == pytest.approx(float(aim.square().mean()), rel=1e-5)


def test_one_voxel_of_noise_in_each_block_decides():
    method = diffusion(noise_schedule={"prediction": "epsilon", "steps": 4})
    method.denoiser = Known()
    x, noise = torch.randn(2, 1, 8, 8), torch.randn(2, 4, 8, 8)
    made = method.translate(x, noise=noise)
    left = torch.cumprod(1 - torch.linspace(1e-5, 0.002, 10000), 0)[-1]
    assert torch.allclose(pixel_unshuffle(made, 2) * left.sqrt(), noise[:, :, ::2, ::2], atol=1e-4)


def test_a_model_that_does_not_fit_is_refused():
    method = toy_method("latent_diffusion", denoiser=SMALL)
    with pytest.raises(UsageError, match="Regression does not encode images as small images"):
        method.attach_frozen("autoencoder", toy_method("regression", generator={"name": "unet", "channels": [4, 8]}))
    with pytest.raises(UsageError, match="is for 1 channels in 3D, targets have 1 in 2D"):
        method.attach_frozen("autoencoder", Folding(Task(spatial_dims=3)))


def test_it_learns():
    method = diffusion()
    assert error(method) > 0.8
    assert error(learn(method, 200, rate=5e-3)) < 0.2
