import numpy as np
import pytest
import torch

from medtrans.losses._masked_mean import l1, l2


def test_only_the_mask_counts():
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(2, 3, 5, 5)).astype(np.float32) for _ in range(2))
    mask = (rng.random((2, 1, 5, 5)) < 0.4).astype(np.float32)
    counted = np.broadcast_to(mask > 0, a.shape)
    given = (torch.from_numpy(a), torch.from_numpy(b), torch.from_numpy(mask))
    assert float(l1(*given)) == pytest.approx(np.abs(a - b)[counted].mean(), rel=1e-5)
    assert float(l2(*given)) == pytest.approx(((a - b) ** 2)[counted].mean(), rel=1e-5)


def test_without_a_mask_everything_counts():
    assert float(l1(torch.zeros(1, 1, 4), torch.full((1, 1, 4), 3.0))) == 3.0


def test_an_empty_mask_gives_zero_and_a_gradient():
    a = torch.ones(1, 1, 4, requires_grad=True)
    loss = l1(a, torch.zeros(1, 1, 4), torch.zeros(1, 1, 4))
    loss.backward()
    assert float(loss.detach()) == 0
    assert torch.equal(a.grad, torch.zeros_like(a))
