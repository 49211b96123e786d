from itertools import pairwise

import pytest
import torch

from medtrans.losses.deep_supervision import deep_supervision, halving_weights, nearest
from medtrans.losses.dice import cross_entropy, dice


def one_hot(*shape):
    labels = torch.randint(3, (2, *shape), generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.one_hot(labels, 3).movedim(-1, 1).double()


def logits(*sides, dims=2):
    rng = torch.Generator().manual_seed(1)
    return [torch.randn(2, 3, *[side] * dims, generator=rng).double().requires_grad_() for side in sides]


@pytest.mark.parametrize("count", range(1, 7))
def test_weights_halve_and_sum_to_one(count):
    weights = halving_weights(count)
    assert sum(weights) == pytest.approx(1)
    assert all(finer == 2 * coarser for finer, coarser in pairwise(weights))


@pytest.mark.parametrize("loss", [dice, cross_entropy])
def test_one_output_is_the_plain_loss(loss):
    (output,), truth = logits(8), one_hot(8, 8)
    mask = (torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(2)) > 0.5).double()
    assert torch.equal(deep_supervision(loss, [output], truth, mask), loss(output, truth, mask))


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("loss", [dice, cross_entropy])
def test_every_resolution_counts_by_its_weight(loss, dims):
    outputs, truth = logits(8, 4, 2, dims=dims), one_hot(*[8] * dims)
    value = deep_supervision(loss, outputs, truth)
    parts = [loss(each, nearest(truth, each)) for each in outputs]
    assert float(value.detach()) == pytest.approx(float((4 * parts[0] + 2 * parts[1] + parts[2]).detach()) / 7)
    for slope in torch.autograd.grad(value, outputs):
        assert slope.abs().max() > 0


def test_labels_are_downsampled_by_their_nearest_voxel():
    truth = one_hot(8, 8)
    small = nearest(truth, torch.zeros(1, 1, 4, 4))
    assert set(small.unique().tolist()) == {0, 1}
    assert (small.sum(dim=1) == 1).all()
    cells = truth.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
    assert ((small[..., None] == cells).all(dim=1).any(dim=-1)).all(), "each is one of the four that it replaces"


def test_the_mask_counts_at_every_resolution():
    outputs, truth, mask = logits(8, 4), one_hot(8, 8), torch.zeros(2, 1, 8, 8).double()
    mask[..., :4] = 1
    for slope in torch.autograd.grad(deep_supervision(cross_entropy, outputs, truth, mask), outputs):
        half = slope.shape[-1] // 2
        assert slope[..., half:].abs().max() == 0
        assert slope[..., :half].abs().max() > 0
