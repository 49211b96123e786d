"""A shorter way to the same sums."""

import copy

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d, conv3d

from medtrans.networks import _winograd as winograd
from medtrans.networks._blocks import Conv, Conv3x3
from medtrans.networks.resnet import ResNetSettings

DIRECT = {2: conv2d, 3: conv3d}


def drawn(dims, sides=(6, 9, 7), batch=2, channels=(3, 4), **kind):
    rng = torch.Generator().manual_seed(0)
    shapes = (batch, channels[0], *sides[:dims]), (channels[1], channels[0], *[3] * dims), channels[1:]
    return [torch.randn(shape, generator=rng, **kind) for shape in shapes]


def take_it_always(monkeypatch):
    """However little it pays."""
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", {2: 1, 3: 1})
    monkeypatch.setattr(winograd, "FEWEST_TILES", 0)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("sides", [(6, 10, 6), (3, 7, 8), (5, 4, 9)])
def test_it_is_the_convolution_whatever_the_sides(dims, sides):
    x, weight, bias = drawn(dims, sides, dtype=torch.float64)
    assert torch.allclose(winograd.convolve(x, weight, bias), DIRECT[dims](x, weight, bias), rtol=0, atol=1e-12)
    assert torch.allclose(winograd.convolve(x, weight, None), DIRECT[dims](x, weight), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dims", [2, 3])
def test_its_first_and_second_derivatives_are_right(dims):
    given = [tensor.requires_grad_() for tensor in drawn(dims, (6, 5, 6), 1, (2, 2), dtype=torch.float64)]
    assert gradcheck(winograd.convolve, given, fast_mode=True)
    assert gradgradcheck(lambda *all_three: winograd.convolve(*all_three).square(), given, fast_mode=True)


@pytest.mark.parametrize("held", [0, 1])
def test_what_needs_no_gradient_gets_none(held):
    x, weight, bias = drawn(2)
    moving, still = (weight, x) if held == 0 else (x, weight)
    moving.requires_grad_()
    winograd.convolve(x, weight, bias).sum().backward()
    assert moving.grad is not None
    assert still.grad is None


def test_in_float32_the_error_is_a_millionth():
    x, weight, _ = drawn(2, (34, 34), 1, (256, 256))
    exact = conv2d(x.double(), weight.double())
    error = (winograd.convolve(x, weight, None) - exact).square().mean().sqrt() / exact.square().mean().sqrt()
    assert float(error) < 2e-6


def test_it_is_taken_in_full_precision_by_large_layers_only():
    assert winograd.pays(torch.empty(1, 256, 34, 34), torch.empty(256, 256, 3, 3))
    assert not winograd.pays(torch.empty(1, 256, 10, 10), torch.empty(256, 256, 3, 3))
    assert not winograd.pays(torch.empty(1, 16, 34, 34), torch.empty(16, 16, 3, 3))
    assert not winograd.pays(torch.empty(1, 256, 34, 34, dtype=torch.bfloat16), torch.empty(256, 256, 3, 3))
    with torch.autocast("cpu", torch.bfloat16):
        assert not winograd.pays(torch.empty(1, 256, 34, 34), torch.empty(256, 256, 3, 3))


@pytest.mark.parametrize("dims", [2, 3])
def test_translating_is_torch_s_convolution_to_the_last_bit(dims, monkeypatch):
    take_it_always(monkeypatch)
    layer, plain = Conv3x3[dims](3, 4), Conv[dims](3, 4, 3)
    plain.load_state_dict(layer.state_dict())
    x = drawn(dims)[0]
    assert torch.equal(layer.eval()(x), plain(x))
    assert not torch.equal(layer.train()(x), plain(x))
    assert torch.allclose(layer(x), plain(x), atol=1e-5)


@pytest.mark.parametrize("dims", [2, 3])
def test_a_network_learns_the_same_by_it(dims, monkeypatch):
    network = ResNetSettings(filters=4, blocks=2).build(dims, 1, 1).double().train()
    direct = copy.deepcopy(network)
    x = torch.randn(2, 1, *[16] * dims, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    direct(x).square().mean().backward()
    take_it_always(monkeypatch)
    network(x).square().mean().backward()
    for one, other in zip(network.parameters(), direct.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-6, atol=1e-12)
