import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.networks.encoder import EncoderSettings

SMALL = EncoderSettings(channels=(4, 8))


@pytest.mark.parametrize("size", [(8, 4), (4, 12), (8, 4, 16)])
def test_it_reads_numbers_from_any_multiple_of_the_divisor(size):
    network = SMALL.build(len(size), 2, 5, size)
    assert network(torch.randn(3, 2, *size)).shape == (3, 5)


@pytest.mark.parametrize("size", [(), (8, 6)])
def test_other_sizes_are_refused(size):
    with pytest.raises(UsageError, match=r"preparing\.patch.*multiples of 4"):
        SMALL.build(2, 1, 1, size)


def test_the_gradient_norm_is_that_of_finite_differences():
    torch.manual_seed(0)
    network = SMALL.build(2, 1, 1, (4, 4)).double()
    x, step = torch.randn(2, 1, 4, 4, dtype=torch.float64), 1e-6
    moves = step * torch.eye(16, dtype=torch.float64).view(16, 1, 1, 4, 4)
    rises = torch.stack([(network(x + move) - network(x - move))[:, 0] / (2 * step) for move in moves])
    torch.testing.assert_close(
        network(x, gradient_of=torch.ones(2, 1)), rises.square().sum(0).sqrt(), rtol=1e-5, atol=0
    )


def test_the_gradient_is_that_of_the_weighted_sum():
    torch.manual_seed(0)
    network, x = SMALL.build(2, 1, 3, (4, 4)), torch.randn(2, 1, 4, 4)
    of = torch.tensor([[1.0, 0.0, 2.0], [0.0, -1.0, 0.0]])
    y = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad((of * network(y)).sum(), y)
    torch.testing.assert_close(network(x, gradient_of=of), gradient.square().sum((1, 2, 3)).sqrt())


def test_the_gradient_norm_has_a_gradient_for_the_weights_and_not_for_the_image():
    network = SMALL.build(2, 1, 1, (4, 4))
    x = torch.randn(2, 1, 4, 4, requires_grad=True)
    network(x, gradient_of=torch.ones(2, 1)).sum().backward()
    assert x.grad is None
    assert network.layers[0].weight.grad.abs().max() > 0
