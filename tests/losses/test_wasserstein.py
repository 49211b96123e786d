import pytest
import torch
from torch import tensor

from medtrans.losses.wasserstein import between, fools, slope_penalty, tells_apart

REAL, FAKE = tensor([[0.5], [2.0]]), tensor([[-1.0], [0.25]])


def test_by_hand():
    assert float(fools(FAKE)) == pytest.approx(0.375)
    assert float(tells_apart(REAL, FAKE)) == pytest.approx(-0.375 - 1.25)
    assert float(slope_penalty(tensor([1.0, 3.0]))) == pytest.approx(2.0)


def test_each_image_between_has_its_own_share():
    real, fake = torch.ones(3, 1, 2, 2), torch.zeros(3, 1, 2, 2)
    mixed = between(real, fake, tensor([0.0, 0.25, 1.0]))
    assert mixed.flatten(1).tolist() == [[0.0] * 4, [0.25] * 4, [1.0] * 4]
