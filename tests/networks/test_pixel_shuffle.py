import pytest
import torch
from torch.nn import functional

from medtrans.networks._pixel_shuffle import pixel_shuffle, pixel_unshuffle


def test_in_two_dimensions_it_equals_torch_s():
    x = torch.randn(2, 3, 6, 9)
    assert torch.equal(pixel_unshuffle(x, 3), functional.pixel_unshuffle(x, 3))
    y = torch.randn(2, 12, 4, 5)
    assert torch.equal(pixel_shuffle(y, 2), functional.pixel_shuffle(y, 2))


@pytest.mark.parametrize("size", [(4, 6), (4, 6, 8)])
def test_nothing_is_lost(size):
    x = torch.randn(2, 3, *size)
    small = pixel_unshuffle(x, 2)
    assert small.shape == (2, 3 * 2 ** len(size), *[side // 2 for side in size])
    assert torch.equal(pixel_shuffle(small, 2), x)


def test_a_block_stays_together():
    x = torch.arange(64.0).reshape(1, 1, 4, 4, 4)
    assert torch.equal(pixel_unshuffle(x, 2)[0, :, 1, 0, 1], x[0, 0, 2:4, 0:2, 2:4].flatten())
