import math

import pytest
import torch
from torch import nn

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Task
from tests.methods.drawn_toy import dark_or_bright, error, learn, toy_method, translated

SMALL = {"channels": [8, 16]}


class Known(nn.Module):
    """A velocity that is known, in place of a network; keeps its last input."""

    def __init__(self, velocity):
        super().__init__()
        self.velocity = velocity

    def forward(self, observed, t):
        self.observed = observed, t
        return self.velocity(observed[:, :1], t)


def flow(velocity, **changes):
    method = toy_method("rectified_flow", velocity=SMALL, **changes)
    method.velocity = Known(velocity)
    return method


def pair(count=4):
    x, y, noise = torch.randn((3, count, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    return x, y, noise


def test_the_network_predicts_the_direction_at_a_point_of_the_straight_path():
    (x, y, _), method = pair(), flow(lambda y, t: torch.zeros_like(y))
    batch = Batch(x, y, seeds=torch.arange(4))
    ((_, terms),) = method.losses(batch)
    (observed, t), start = method.velocity.observed, batch.normal(1, 8, 8)
    assert torch.equal(t, batch.uniform(key=1))
    share = t.view(4, 1, 1, 1)
    assert torch.allclose(observed, torch.cat([start + share * (y - start), x], dim=1), atol=1e-6)
    assert float(terms["l2"]) == pytest.approx(float((y - start).square().mean()))


def test_one_step_suffices_with_the_exact_velocity():
    x, y, noise = pair()
    assert torch.allclose(flow(lambda _, t: y - noise, steps=1).translate(x, noise=noise), y, atol=1e-6)


def test_the_solvers_are_euler_s_and_heun_s():
    x, _, noise = pair()

    def grown(factor):
        return pytest.approx(float(factor * noise.sum()), rel=1e-4)

    euler, heun = (
        flow(lambda y, t: y, steps=4, solver=solver).translate(x, noise=noise) for solver in ("euler", "heun")
    )
    # Steps of 7/16, 5/16, 3/16 and 1/16; the last one is Euler's.
    steps = [7 / 16, 5 / 16, 3 / 16, 1 / 16]
    assert float(euler.sum()) == grown(math.prod(1 + h for h in steps))
    assert float(heun.sum()) == grown(math.prod(1 + h + h**2 / 2 for h in steps[:3]) * (1 + steps[3]))
    # dy/dt = 2t: the time is right at both ends of a step; the last one, from 3/4, takes 2 · 3/4 · 1/4.
    timed = flow(lambda y, t: 2 * t.view(-1, 1, 1, 1).expand_as(y), steps=2, solver="heun").translate(x, noise=noise)
    assert torch.allclose(timed, noise + 0.75**2 + 0.375, atol=1e-6)


def test_a_bridge_starts_from_the_middle_slice_without_random_numbers():
    task = Task(spatial_dims=2, source_channels=5)
    method = toy_method("rectified_flow", task, velocity=SMALL, start="source")
    method.velocity = Known(lambda y, t: torch.ones_like(y))
    x = torch.randn(2, 5, 8, 8)
    assert method.noise_channels == 0
    assert torch.allclose(method.translate(x), x[:, 2:3] + 1, atol=1e-5)


def test_a_bridge_needs_a_start_for_every_target():
    task = Task(spatial_dims=2, source_channels=2)
    with pytest.raises(UsageError, match="no middle slice"):
        toy_method("rectified_flow", task, start="source")


@pytest.mark.parametrize(("start", "steps", "left"), [("noise", 80, 0.15), ("source", 60, 0.2)])
def test_it_learns(start, steps, left):
    method = toy_method("rectified_flow", velocity=SMALL, start=start)
    assert error(method) > 0.8
    assert error(learn(method, steps)) < left


def test_samples_are_either_of_two_solutions_and_none_in_between():
    method = toy_method("rectified_flow", velocity={"channels": [16, 32]}, steps=20)
    learn(method, 150, answer=dark_or_bright, rate=1e-2, size=4)
    x, made = translated(method, size=4)
    brightness = (made * x).mean((1, 2, 3)) / x.square().mean((1, 2, 3))
    assert 0.3 < float((brightness > 0).float().mean()) < 0.7
    assert float((brightness.abs() - 0.8).abs().mean()) < 0.3
