import math

import pytest
import torch
from torch import tensor

from medtrans.losses.adversarial import discriminator_loss, generator_loss

REAL, FAKE = tensor([[0.5, 2.0]]), tensor([[-1.0, 0.25]])


def sigma(x):
    return 1 / (1 + math.exp(-x))


def test_least_squares_by_hand():
    assert float(generator_loss([FAKE])) == pytest.approx((2.0**2 + 0.75**2) / 2)
    expected = ((0.5**2 + 1.0**2) / 2 + (1.0**2 + 0.25**2) / 2) / 2
    assert float(discriminator_loss([REAL], [FAKE])) == pytest.approx(expected)


def test_non_saturating_by_hand():
    expected = -(math.log(sigma(-1)) + math.log(sigma(0.25))) / 2
    assert float(generator_loss([FAKE], "non_saturating")) == pytest.approx(expected)
    real = -(math.log(sigma(0.5)) + math.log(sigma(2))) / 2
    fake = -(math.log(1 - sigma(-1)) + math.log(1 - sigma(0.25))) / 2
    assert float(discriminator_loss([REAL], [FAKE], "non_saturating")) == pytest.approx((real + fake) / 2)


def test_saturating_by_hand():
    expected = (math.log(1 - sigma(-1)) + math.log(1 - sigma(0.25))) / 2
    assert float(generator_loss([FAKE], "saturating")) == pytest.approx(expected)
    assert discriminator_loss([REAL], [FAKE], "saturating") == discriminator_loss([REAL], [FAKE], "non_saturating")


def test_only_the_saturating_loss_has_no_gradient_where_the_discriminator_is_sure():
    sure = tensor([-12.0], requires_grad=True)
    slopes = [
        float(torch.autograd.grad(generator_loss([sure], gan_loss), sure)[0])
        for gan_loss in ("saturating", "non_saturating")
    ]
    assert slopes == pytest.approx([0.0, -1.0], abs=1e-4)


def test_hinge_by_hand():
    assert float(generator_loss([FAKE], "hinge")) == pytest.approx(0.375)
    assert float(discriminator_loss([REAL], [FAKE], "hinge")) == pytest.approx(((0.5 + 0) / 2 + (0 + 1.25) / 2) / 2)


@pytest.mark.parametrize("gan_loss", ["least_squares", "non_saturating", "saturating", "hinge"])
def test_scales_have_equal_weights_for_any_size(gan_loss):
    small, large = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 8, 8)
    both = generator_loss([small, large], gan_loss)
    assert float(both) == pytest.approx(
        (float(generator_loss([small], gan_loss)) + float(generator_loss([large], gan_loss))) / 2
    )


@pytest.mark.parametrize("gan_loss", ["least_squares", "non_saturating", "saturating", "hinge"])
def test_better_images_lower_the_generator_s_loss_and_a_better_discriminator_its_own(gan_loss):
    poor, good = torch.full((4,), -1.0), torch.full((4,), 0.9)
    assert generator_loss([good], gan_loss) < generator_loss([poor], gan_loss)
    assert discriminator_loss([good], [poor], gan_loss) < discriminator_loss([poor], [good], gan_loss)
