from itertools import pairwise

import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.networks._noise_schedule import NoiseSchedule, NoiseScheduleSettings

LEFT = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
"""ᾱ of DDPM, section 4."""
FINE = torch.cumprod(1 - torch.linspace(1e-5, 0.002, 10000, dtype=torch.float64), 0)
"""ᾱ of ten times as many levels."""


def ddpm(**changes):
    return NoiseSchedule(NoiseScheduleSettings(timesteps=1000, **changes))


def drawn():
    rng = torch.Generator().manual_seed(0)
    y, noise = torch.randn((2, 5, 1, 4, 4), generator=rng)
    return y, noise, torch.tensor([0, 10, 500, 800, 999])


def test_levels_are_ddpm_s():
    y, noise, t = drawn()
    left = LEFT[t].view(-1, 1, 1, 1)
    expected = left.sqrt() * y + (1 - left).sqrt() * noise
    assert torch.allclose(ddpm().add_noise(y, noise, t).double(), expected, atol=1e-4)


def test_the_image_is_found_again_from_v():
    y, noise, t = drawn()
    schedule, left = ddpm(prediction="v"), LEFT[t].view(-1, 1, 1, 1)
    found = left.sqrt() * schedule.add_noise(y, noise, t) - (1 - left).sqrt() * schedule.target(y, noise, t)
    assert torch.allclose(found, y.double(), atol=1e-4)


def test_all_levels_are_equally_frequent():
    schedule = NoiseSchedule(NoiseScheduleSettings(timesteps=40, steps=10))
    assert schedule.timesteps(torch.tensor([0.0, 0.024, 0.026, 0.51, 0.99999])).tolist() == [0, 0, 1, 20, 39]
    assert schedule.times(torch.tensor([0, 30])).tolist() == [0.0, 0.75]


@pytest.mark.parametrize("timesteps", [25, 50, 100, 1000, 4000, 10000])
def test_however_many_levels_the_last_is_all_noise(timesteps):
    schedule = NoiseSchedule(NoiseScheduleSettings(timesteps=timesteps, steps=25))
    kept = schedule.add_noise(
        torch.ones(2, 1, 1, 1), torch.zeros(2, 1, 1, 1), torch.tensor([0, timesteps - 1])
    ).flatten()
    assert kept[0] > 0.99
    assert kept[1] < 0.01


@pytest.mark.parametrize("timesteps", [50, 100, 500, 1000, 10000])
def test_images_come_out_where_they_should_however_many_levels(timesteps):
    """Images of mean 0.8 and deviation 0.1; every level visited that 50 steps visit."""
    schedule = NoiseSchedule(NoiseScheduleSettings(timesteps=timesteps, steps=50, prediction="epsilon", sampler="pndm"))
    betas = torch.linspace(0.1, 20, timesteps, dtype=torch.float64) / timesteps
    left = torch.cumprod(1 - betas, 0)

    def exactly(y_t, time):
        a = left[(timesteps * time[0]).round().long()]
        return (1 - a).sqrt() * (y_t - a.sqrt() * 0.8) / (a * 0.1**2 + 1 - a)

    noise = torch.randn(1, 1, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = schedule.sample(noise, exactly)
    assert float(found.mean()) == pytest.approx(0.8, abs=0.01)
    assert float(found.std()) == pytest.approx(0.1, abs=0.02)


PREDICTIONS = pytest.mark.parametrize("prediction", ["v", "epsilon"])


def reference(prediction, epsilon, y_t, left):
    """ε as the network would say it."""
    y = (y_t - (1 - left).sqrt() * epsilon) / left.sqrt()
    return epsilon if prediction == "epsilon" else left.sqrt() * epsilon - (1 - left).sqrt() * y


def level(time):
    return FINE[(10000 * time[0]).round().long()]


@PREDICTIONS
@pytest.mark.parametrize("sampler", ["ddim", "pndm"])
@pytest.mark.parametrize("steps", [5, 10, 25])
def test_a_denoiser_that_predicts_an_image_exactly_leads_to_it(sampler, prediction, steps):
    y, noise, _ = (each.double() for each in drawn())

    def knowing(y_t, time):
        left = level(time)
        return reference(prediction, (y_t - left.sqrt() * y) / (1 - left).sqrt(), y_t, left)

    found = NoiseSchedule(NoiseScheduleSettings(prediction=prediction, sampler=sampler, steps=steps)).sample(
        noise, knowing
    )
    assert torch.allclose(found, y, atol=1e-4)


def off(sampler, steps, prediction="epsilon", mean=0.3, deviation=0.5):
    """How far the sampler ends from the exact way, for images that are normal in every voxel."""

    def exactly(y_t, time):
        left = level(time)
        epsilon = (1 - left).sqrt() * (y_t - left.sqrt() * mean) / (left * deviation**2 + 1 - left)
        return reference(prediction, epsilon, y_t, left)

    noise, first = torch.linspace(-2, 2, 16, dtype=torch.float64).view(1, 1, 4, 4), FINE[-1]
    found = NoiseSchedule(NoiseScheduleSettings(prediction=prediction, sampler=sampler, steps=steps)).sample(
        noise, exactly
    )
    way = (noise - first.sqrt() * mean) / (first * deviation**2 + 1 - first).sqrt()
    return float((found - mean - deviation * way).abs().max())


def test_more_steps_come_nearer_to_the_exact_way():
    assert off("ddim", 25) < 0.12
    assert off("ddim", 100) < 0.3 * off("ddim", 25)


@PREDICTIONS
@pytest.mark.parametrize("steps", [10, 25])
@pytest.mark.parametrize(("deviation", "share"), [(0.5, 0.16), (0.1, 0.2), (0.02, 0.1)])
def test_pndm_comes_nearer_with_as_many(prediction, steps, deviation, share):
    ours, plain = (off(sampler, steps, prediction, deviation=deviation) for sampler in ("pndm", "ddim"))
    assert ours < share * plain


@PREDICTIONS
@pytest.mark.parametrize("deviation", [0.02, 0.1, 0.5])
def test_pndm_in_25_steps_is_nearer_than_ddim_in_100(prediction, deviation):
    assert off("pndm", 25, prediction, deviation=deviation) < off("ddim", 100, prediction, deviation=deviation)


@PREDICTIONS
@pytest.mark.parametrize(
    ("sampler", "options"), [("ddim", [9999, 3164, 625, 39, 0]), ("pndm", [9999, 3164, 3164, 625, 39, 0])]
)
def test_levels_at_which_the_network_is_evaluated(prediction, sampler, options):
    observed = []

    def predict(y_t, time):
        observed.append(round(10000 * float(time[0])))
        return y_t

    schedule = NoiseSchedule(NoiseScheduleSettings(prediction=prediction, sampler=sampler, steps=5))
    one, two = schedule.sample(torch.ones(1, 1, 4, 4), predict), schedule.sample(torch.ones(1, 1, 4, 4), predict)
    assert observed == options + options
    assert torch.equal(one, two)


@pytest.mark.parametrize(
    ("timesteps", "steps"), [(10000, 2), (10000, 25), (10000, 1000), (1000, 25), (25, 25), (25, 7)]
)
def test_levels_fall_from_all_noise_to_the_lowest_without_repetition(timesteps, steps):
    levels = NoiseScheduleSettings(timesteps=timesteps, steps=steps).levels()
    assert (len(levels), levels[0], levels[-1]) == (steps, timesteps - 1, 0)
    assert all(t > below for t, below in pairwise(levels))


def test_five_steps_of_pndm_by_hand():
    """For an ε that depends on the level alone, y / √ᾱ moves by e times the change of √(1/ᾱ - 1)."""
    epsilon = {9999: 1.0, 3164: 3.0, 625: 2.0, 39: 5.0, 0: -1.0}
    e = [
        (1 + 3) / 2,
        (3 * 3 - 1) / 2,
        (23 * 2 - 16 * 3 + 5 * 1) / 12,
        (55 * 5 - 59 * 2 + 37 * 3 - 9 * 1) / 24,
        (55 * -1 - 59 * 5 + 37 * 2 - 9 * 3) / 24,
    ]
    noises = [float((1 / FINE[t] - 1).sqrt()) for t in epsilon] + [0.0]
    expected = sum(way * (after - before) for way, (before, after) in zip(e, pairwise(noises), strict=True))

    def predict(y_t, time):
        return torch.full_like(y_t, epsilon[round(10000 * float(time[0]))])

    schedule = NoiseSchedule(NoiseScheduleSettings(prediction="epsilon", sampler="pndm", steps=5))
    found = schedule.sample(torch.zeros(1, 1, 2, 2, dtype=torch.float64), predict)
    assert found.flatten().tolist() == pytest.approx([expected] * 4, rel=1e-4)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": 1}, r"noise_schedule\.steps: 1 steps do not fit 10000 timesteps"),
        ({"timesteps": 50, "steps": 51}, r"noise_schedule\.steps: 51 steps do not fit 50 timesteps"),
        ({"timesteps": 20, "steps": 20}, r"noise_schedule\.timesteps: 20 noise levels are too few"),
    ],
)
def test_steps_without_a_level_are_refused(options, sentence):
    with pytest.raises(UsageError, match=sentence):
        NoiseScheduleSettings(**options)
