"""Images for the tests of structural distances."""

import numpy as np
import pytest
import torch

DIMS = pytest.mark.parametrize("dims", [2, 3])


def image(dims, seed=0, side=7, channels=1):
    return torch.from_numpy(np.random.default_rng(seed).uniform(-1, 1, (2, channels, *[side + n for n in range(dims)])))


def assert_has_a_useful_gradient(loss, dims):
    x = image(dims)
    for other in (image(dims, seed=1), torch.zeros_like(x), torch.full_like(x, 1.5)):
        other.requires_grad_()
        loss(x, other).backward()
        assert torch.isfinite(other.grad).all()
    other = (x + 0.3 * image(dims, seed=1)).requires_grad_()
    before = loss(x, other)
    before.backward()
    step = 0.01 * other.grad / other.grad.abs().max()
    assert float(loss(x, (other - step).detach())) < float(before.detach())
