import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.networks.noising import Noising, NoisingSettings

LEFT = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
"""ᾱ of DDPM, section 4."""


def drawn():
    dice = torch.Generator().manual_seed(0)
    y, noise = torch.randn((2, 5, 1, 4, 4), generator=dice)
    return y, noise, torch.tensor([0, 10, 500, 800, 999])


def test_levels_are_ddpm_s():
    y, noise, t = drawn()
    left = LEFT[t].view(-1, 1, 1, 1)
    expected = left.sqrt() * y + (1 - left).sqrt() * noise
    assert torch.allclose(Noising(NoisingSettings()).noised(y, noise, t).double(), expected, atol=1e-4)


def test_the_image_is_found_again_from_v():
    y, noise, t = drawn()
    noising, left = Noising(NoisingSettings(prediction="v")), LEFT[t].view(-1, 1, 1, 1)
    found = left.sqrt() * noising.noised(y, noise, t) - (1 - left).sqrt() * noising.aim(y, noise, t)
    assert torch.allclose(found, y.double(), atol=1e-4)


def test_every_level_is_drawn_alike():
    noising = Noising(NoisingSettings(timesteps=4, steps=2))
    assert noising.timesteps(torch.tensor([0.0, 0.24, 0.26, 0.51, 0.99999])).tolist() == [0, 0, 1, 2, 3]
    assert noising.times(torch.tensor([0, 3])).tolist() == [0.0, 0.75]


@pytest.mark.parametrize("prediction", ["v", "epsilon"])
@pytest.mark.parametrize("steps", [5, 50])
def test_one_who_knows_the_image_is_led_to_it(prediction, steps):
    y, noise, _ = drawn()

    def knowing(y_t, time):
        left = LEFT[(1000 * time[0]).round().long()]
        epsilon = (y_t - left.sqrt() * y) / (1 - left).sqrt()
        return epsilon if prediction == "epsilon" else left.sqrt() * epsilon - (1 - left).sqrt() * y

    found = Noising(NoisingSettings(prediction=prediction, steps=steps)).denoised(noise, knowing)
    assert torch.allclose(found.double(), y.double(), atol=1e-4)


def off(sampler, steps, mean=0.3, deviation=0.5):
    """How far the sampler ends from the exact way, for images that are normal in every voxel."""

    def exactly(y_t, time):
        left = LEFT[(1000 * time[0]).round().long()]
        return (1 - left).sqrt() * (y_t - left.sqrt() * mean) / (left * deviation**2 + 1 - left)

    noise, first = torch.linspace(-2, 2, 16, dtype=torch.float64).view(1, 1, 4, 4), LEFT[1000 - 1000 // steps]
    found = Noising(NoisingSettings(prediction="epsilon", sampler=sampler, steps=steps)).denoised(noise, exactly)
    way = (noise - first.sqrt() * mean) / (first * deviation**2 + 1 - first).sqrt()
    return float((found - mean - deviation * way).abs().max())


def test_more_steps_come_nearer_to_the_exact_way():
    assert off("ddim", 25) < 0.12
    assert off("ddim", 100) < 0.3 * off("ddim", 25)


def test_pndm_comes_nearer_with_as_many():
    assert off("pndm", 25) < 0.05 * off("ddim", 25)


def test_steps_of_unequal_length_are_refused():
    with pytest.raises(UsageError, match=r"noising\.steps.*30 do not divide 1000"):
        NoisingSettings(steps=30)
