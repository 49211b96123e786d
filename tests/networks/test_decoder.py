import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.networks.decoder import DecoderSettings

SMALL = DecoderSettings(channels=(4, 8))


@pytest.mark.parametrize("size", [(8, 4), (4, 12), (8, 4, 16)])
def test_images_have_any_multiple_of_the_divisor(size):
    assert SMALL.build(len(size), 5, 2, size)(torch.randn(3, 5)).shape == (3, 2, *size)


@pytest.mark.parametrize("size", [(), (8, 6)])
def test_other_sizes_are_refused(size):
    with pytest.raises(UsageError, match=r"preparing\.patch.*multiples of 4"):
        SMALL.build(2, 1, 1, size)


def test_every_weight_learns():
    network = SMALL.build(2, 5, 1, (8, 8))
    network(torch.randn(2, 5)).square().mean().backward()
    assert all(weight.grad.abs().max() > 0 for weight in network.parameters())
