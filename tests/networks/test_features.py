"""Features of generators and discriminators: the outputs of their hidden layers."""

import pytest
import torch

from medtrans.networks import load, names
from medtrans.networks._settings import EncodingSettings
from medtrans.networks.resnet import Residual, ResNetSettings

SMALL = {
    "unet": {"channels": (4, 6, 8)},
    "resnet": {"filters": 4, "blocks": 3},
    "residual_encoder_unet": {"channels": (4, 6, 6), "blocks": (1, 2, 1)},
    "patch_discriminator": {"filters": 4, "layers": 2},
    "multiscale_discriminator": {"filters": 4, "layers": 1, "scales": 2},
}
ENCODING = [load(name) for name in names() if issubclass(load(name), EncodingSettings)]
DISCRIMINATORS = [load(name) for name in names() if load(name).role == "discriminator"]
DIMS = pytest.mark.parametrize("dims", [2, 3])


def built(kind, dims):
    settings = kind(**SMALL[kind().name])
    torch.manual_seed(0)
    return settings, settings.build(dims, 2, 1).eval(), torch.randn(1, 2, *[16] * dims)


@DIMS
@pytest.mark.parametrize("kind", ENCODING)
def test_features_have_the_stated_channels_and_depend_on_every_input(kind, dims):
    settings, network, x = built(kind, dims)
    observed = network(x.requires_grad_(), encode=True)
    assert tuple(layer.shape[1] for layer in observed) == settings.encoded(2)
    sides = [layer.shape[-1] for layer in observed]
    assert sides == sorted(sides, reverse=True)
    for layer in observed:
        (slope,) = torch.autograd.grad(layer.square().sum(), x, retain_graph=True)
        assert (slope != 0).float().mean() > 0.9


@DIMS
def test_features_of_a_resnet_include_its_input_and_its_first_and_middle_block(dims):
    _, network, x = built(ResNetSettings, dims)
    blocks = []
    for layer in network:
        if isinstance(layer, Residual):
            layer.register_forward_hook(lambda layer, given, made: blocks.append(made))
    network(x)
    outputs = network(x, encode=True)
    torch.testing.assert_close([outputs[0], *outputs[3:]], [x, blocks[0], blocks[1]])


@DIMS
@pytest.mark.parametrize("kind", DISCRIMINATORS)
def test_features_of_a_discriminator_are_every_hidden_layer_of_every_scale(kind, dims):
    settings, network, x = built(kind, dims)
    logits, features = network(x, features=True)
    torch.testing.assert_close(logits, network(x))
    assert len(features) == len(logits) == getattr(settings, "scales", 1)
    for layers, output in zip(features, logits, strict=True):
        assert [layer.shape[1] for layer in layers] == [4 * 2**n for n in range(settings.layers + 1)]
        (slope,) = torch.autograd.grad(output.sum(), layers[-1], retain_graph=True)
        assert slope.abs().max() > 0, "the logits are made of them"
