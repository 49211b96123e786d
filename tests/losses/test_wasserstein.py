import pytest
import torch
from torch import tensor

from medtrans.losses.wasserstein import critic_loss, generator_loss, gradient_penalty, interpolate

REAL, FAKE = tensor([[0.5], [2.0]]), tensor([[-1.0], [0.25]])


def test_by_hand():
    assert float(generator_loss(FAKE)) == pytest.approx(0.375)
    assert float(critic_loss(REAL, FAKE)) == pytest.approx(-0.375 - 1.25)
    assert float(gradient_penalty(tensor([1.0, 3.0]))) == pytest.approx(2.0)


def test_each_interpolated_image_has_its_own_share():
    real, fake = torch.ones(3, 1, 2, 2), torch.zeros(3, 1, 2, 2)
    mixed = interpolate(real, fake, tensor([0.0, 0.25, 1.0]))
    assert mixed.flatten(1).tolist() == [[0.0] * 4, [0.25] * 4, [1.0] * 4]
