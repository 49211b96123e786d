import math

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch, Task
from tests.methods.alone_toy import SIDE, learn, sampled, toy_method
from tests.methods.tiny import batch_for, tiny


def test_its_objective_is_the_evidence_bound_for_each_voxel():
    method = tiny("vae", decoder_std=0.3, beta=1.7, warm_up=0, latent=3)
    batch = batch_for(method)
    ((_, terms),) = method.losses(batch)
    mean, logvar = method.encode(batch.target)
    code = Normal(mean, torch.exp(logvar / 2))
    z = code.mean + code.stddev * batch.normal(3)
    voxels = batch.target[0].numel()
    likelihood = Normal(method.decode(z), 0.3).log_prob(batch.target).flatten(1).sum(1)
    constant = voxels * math.log(0.3 * math.sqrt(2 * math.pi))
    torch.testing.assert_close(terms["reconstruction"], (-likelihood - constant).mean() / voxels)
    prior = Independent(Normal(torch.zeros_like(mean), 1.0), 1)
    torch.testing.assert_close(terms["kl"], 1.7 * kl_divergence(Independent(code, 1), prior).mean() / voxels)


def test_the_divergence_warms_up_and_goes_on_where_it_was():
    method = tiny("vae", beta=2.0, warm_up=4)
    batch = batch_for(method)

    def kl(method):
        ((_, terms),) = method.losses(batch)
        return float(terms["kl"].detach())

    first = [kl(method) for _ in range(3)]
    resumed = tiny("vae", beta=2.0, warm_up=4)
    resumed.load_state_dict(method.state_dict())
    whole = kl(tiny("vae", beta=2.0, warm_up=0))
    assert [*first, kl(resumed), kl(resumed)] == pytest.approx([whole * share for share in (0.25, 0.5, 0.75, 1, 1)])


def test_interpolation_begins_and_ends_at_the_reconstructions():
    method = tiny("vae").eval()
    one, other = batch_for(method).target.split(1)
    with torch.no_grad():
        steps = method.interpolate(one, other, 5)
        ends = torch.cat([method.reconstruct(one), method.reconstruct(other)])
        middle = method.decode((method.encode(one)[0] + method.encode(other)[0]) / 2)
    assert len(steps) == 5
    torch.testing.assert_close(steps[[0, -1]], ends)
    torch.testing.assert_close(steps[[2]], middle)


def test_a_size_that_cannot_be_halved_is_refused():
    with pytest.raises(UsageError, match=r"preparing\.patch: \[16, 20\].*multiples of 8"):
        tiny("vae", task=Task(spatial_dims=2, size=(16, 20)))
    with pytest.raises(UsageError, match=r"preparing\.patch: is not set"):
        tiny("vae", task=Task(spatial_dims=2))


def test_it_learns_a_factor_whose_evidence_is_known():
    """Images a p + 0.1 ε with normal a, ε have a normal density: the bound must end just above minus its log."""
    axis = torch.arange(SIDE) - 7.5
    pattern = 0.3 * torch.exp(-(axis[:, None] ** 2 + axis**2) / 18)[None]

    def draw(count, rng):
        a = torch.randn((count, 1, 1, 1), generator=rng)
        return a * pattern + 0.1 * torch.randn((count, 1, SIDE, SIDE), generator=rng), None

    net = {"channels": [8, 16], "norm": "none"}
    method = toy_method("vae", encoder=net, decoder=net, latent=4, decoder_std=0.1, warm_up=100)
    learn(method, 400, draw)
    images, _ = draw(512, torch.Generator().manual_seed(2))
    with torch.no_grad():
        ((_, terms),) = method.losses(Batch(images, images, seeds=torch.arange(512)))
    power = float(pattern.square().sum())
    evidence = SIDE**2 / 2 + math.log(1 + power / 0.1**2) / 2
    blind = SIDE**2 / 2 + power / 0.1**2 / 2
    bound = float(sum(terms.values())) * SIDE**2
    assert evidence < bound < evidence + (blind - evidence) / 15

    made = sampled(method)
    along = (made * pattern).sum((1, 2, 3)) / power
    beside = made - along.view(-1, 1, 1, 1) * pattern
    assert along.std() > 0.4
    assert beside.square().mean().sqrt() < 0.03
