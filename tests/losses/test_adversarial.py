import math

import pytest
import torch
from torch import tensor

from medtrans.losses.adversarial import fools, tells_apart

REAL, FAKE = tensor([[0.5, 2.0]]), tensor([[-1.0, 0.25]])


def sigma(x):
    return 1 / (1 + math.exp(-x))


def test_least_squares_by_hand():
    assert float(fools([FAKE])) == pytest.approx((2.0**2 + 0.75**2) / 2)
    expected = ((0.5**2 + 1.0**2) / 2 + (1.0**2 + 0.25**2) / 2) / 2
    assert float(tells_apart([REAL], [FAKE])) == pytest.approx(expected)


def test_bce_by_hand():
    expected = -(math.log(sigma(-1)) + math.log(sigma(0.25))) / 2
    assert float(fools([FAKE], "bce")) == pytest.approx(expected)
    real = -(math.log(sigma(0.5)) + math.log(sigma(2))) / 2
    fake = -(math.log(1 - sigma(-1)) + math.log(1 - sigma(0.25))) / 2
    assert float(tells_apart([REAL], [FAKE], "bce")) == pytest.approx((real + fake) / 2)


def test_minimax_by_hand():
    expected = (math.log(1 - sigma(-1)) + math.log(1 - sigma(0.25))) / 2
    assert float(fools([FAKE], "minimax")) == pytest.approx(expected)
    assert tells_apart([REAL], [FAKE], "minimax") == tells_apart([REAL], [FAKE], "bce")


def test_minimax_saturates_where_the_judge_is_sure_and_bce_does_not():
    sure = tensor([-12.0], requires_grad=True)
    slopes = [float(torch.autograd.grad(fools([sure], criterion), sure)[0]) for criterion in ("minimax", "bce")]
    assert slopes == pytest.approx([0.0, -1.0], abs=1e-4)


def test_hinge_by_hand():
    assert float(fools([FAKE], "hinge")) == pytest.approx(0.375)
    assert float(tells_apart([REAL], [FAKE], "hinge")) == pytest.approx(((0.5 + 0) / 2 + (0 + 1.25) / 2) / 2)


@pytest.mark.parametrize("criterion", ["least_squares", "bce", "minimax", "hinge"])
def test_scales_count_alike_whatever_their_size(criterion):
    small, large = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 8, 8)
    both = fools([small, large], criterion)
    assert float(both) == pytest.approx((float(fools([small], criterion)) + float(fools([large], criterion))) / 2)


@pytest.mark.parametrize("criterion", ["least_squares", "bce", "minimax", "hinge"])
def test_a_better_fake_fools_more_and_a_better_judge_tells_more(criterion):
    poor, good = torch.full((4,), -1.0), torch.full((4,), 0.9)
    assert fools([good], criterion) < fools([poor], criterion)
    assert tells_apart([good], [poor], criterion) < tells_apart([poor], [good], criterion)
