import pytest
import torch
from torch import nn

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch
from tests.methods.drawn_toy import error, learn, toy_method

SMALL = {"channels": [8, 16]}
LEFT = torch.cumprod(1 - torch.linspace(1e-5, 0.002, 10000), 0)


class Known(nn.Module):
    """A prediction that is known, in place of a network; keeps its last input."""

    def __init__(self, predict):
        super().__init__()
        self.predict = predict

    def forward(self, observed, t):
        self.observed = observed, t
        return self.predict(*observed.chunk(2, dim=1))


def diffusion(predict, **changes):
    method = toy_method("diffusion", denoiser=SMALL, **changes)
    method.denoiser = Known(predict)
    return method


def batch(count=4):
    x, y = torch.randn((2, count, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    return Batch(x, y, seeds=torch.arange(count))


@pytest.mark.parametrize("prediction", ["v", "epsilon"])
def test_the_network_predicts_noise_or_velocity_from_a_noisy_image(prediction):
    method, drawn = diffusion(lambda y, x: torch.zeros_like(y), noise_schedule={"prediction": prediction}), batch()
    ((_, terms),) = method.losses(drawn)
    noise, t = drawn.normal(1, 8, 8), (10000 * drawn.uniform(key=1)).long()
    left = LEFT[t].view(4, 1, 1, 1)
    observed, time = method.denoiser.observed
    assert torch.allclose(time, t / 10000)
    noisy = left.sqrt() * drawn.target + (1 - left).sqrt() * noise
    assert torch.allclose(observed, torch.cat([noisy, drawn.source], dim=1), atol=1e-4)
    aim = noise if prediction == "epsilon" else left.sqrt() * noise - (1 - left).sqrt() * drawn.target
    assert float(terms[prediction]) == pytest.approx(float(aim.square().mean()), rel=1e-4)


def test_some_items_learn_without_a_source():
    method, drawn = diffusion(lambda y, x: y, condition_dropout=0.5), batch(40)
    next(method.losses(drawn))
    empty = (method.denoiser.observed[0][:, 1:] == 0).flatten(1).all(1)
    assert 8 < int(empty.sum()) < 32
    kept = method.denoiser.observed[0][~empty, 1:]
    assert torch.equal(kept, drawn.source[~empty])


@pytest.mark.parametrize("weight", [0.0, 2.0])
def test_guidance_extrapolates_from_the_prediction_without_a_source(weight):
    options = {"prediction": "epsilon", "steps": 4}
    method = diffusion(lambda y, x: x, noise_schedule=options, condition_dropout=0.1, guidance_scale=weight)
    x, noise = batch().source, torch.randn(4, 1, 8, 8)
    reference = (1 + weight) * x
    expected = (noise - (1 - LEFT[-1]).sqrt() * reference) / LEFT[-1].sqrt()
    assert torch.allclose(method.translate(x, noise=noise), expected, rtol=1e-3, atol=1e-2)


def test_guidance_requires_condition_dropout():
    with pytest.raises(UsageError, match=r"method\.guidance_scale.*condition_dropout: 0\.1"):
        toy_method("diffusion", guidance_scale=1.0)


def test_it_learns():
    method = toy_method("diffusion", denoiser=SMALL)
    assert error(method) > 0.8
    assert error(learn(method, 120)) < 0.2
