import numpy as np
import pytest
import torch

from medtrans.losses.contrastive import patch_nce


def test_it_is_the_formula():
    rng = np.random.default_rng(0)
    queries, keys = rng.normal(size=(2, 2, 5, 3))
    by_hand = []
    for q, k in zip(queries, keys, strict=True):
        q, k = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (q, k))
        for s in range(5):
            e = np.exp(k @ q[s] / 0.5)
            by_hand.append(-np.log(e[s] / e.sum()))
    given = torch.from_numpy(queries), torch.from_numpy(keys)
    assert float(patch_nce(*given, temperature=0.5)) == pytest.approx(np.mean(by_hand))


def test_identical_patches_give_the_logarithm_of_their_number():
    assert float(patch_nce(torch.ones(2, 8, 4), torch.ones(2, 8, 4))) == pytest.approx(np.log(8), rel=1e-5)


def test_distinct_patches_give_a_loss_of_zero():
    assert float(patch_nce(torch.eye(8)[None], 3 * torch.eye(8)[None])) == pytest.approx(0, abs=1e-4)


def test_the_keys_are_not_taught():
    queries, keys = torch.randn(2, 1, 4, 3).unbind()
    queries.requires_grad_(), keys.requires_grad_()
    patch_nce(queries, keys).backward()
    assert queries.grad.abs().max() > 0
    assert keys.grad is None
