"""Laws of every generator and discriminator, found through the registry."""

import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.networks import load, names
from medtrans.networks._blocks import ResizeConvolution
from medtrans.networks._norms import ChannelNorm

TINY = {
    "unet": {"channels": (4, 6, 8)},
    "residual_unet": {"filters": 4, "blocks": (1, 1, 1)},
    "residual_encoder_unet": {"channels": (4, 6, 6), "blocks": (1, 2, 1)},
    "resnet": {"filters": 4, "blocks": 2},
    "class_means": {"network": load("unet")(channels=(4, 6, 8))},
    "pix2pix_unet": {"filters": 4, "depth": 4},
    "patch_discriminator": {"filters": 4, "layers": 2},
    "multiscale_discriminator": {"filters": 4, "layers": 1, "scales": 2},
}
GENERATORS = [name for name in names() if load(name).role == "generator"]
DISCRIMINATORS = [name for name in names() if load(name).role == "discriminator"]
BOTH = [*GENERATORS, *DISCRIMINATORS]


def tiny(name, dims, channels=(2, 1), **changes):
    torch.manual_seed(0)
    if name == "class_means":
        changes = {"network": tiny_settings("unet", **changes)}
    return tiny_settings(name, **changes).build(dims, *channels)


def tiny_settings(name, **changes):
    return load(name)(**{**TINY[name], **changes})


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("dims", [2, 3])
def test_the_default_builds_in_two_and_three_dimensions(name, dims):
    assert sum(weight.numel() for weight in load(name)().build(dims, 1, 1).parameters()) > 1000


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("multiple", [1, 2, 3])
def test_any_multiple_of_the_divisor_keeps_its_size(name, dims, multiple):
    divisor = load(name)(**TINY[name]).divisor
    size = [max(divisor, 8) * multiple, *[max(divisor, 8)] * (dims - 1)]
    out = tiny(name, dims).eval()(torch.randn(1, 2, *size))
    assert out.shape == (1, 1, *size)


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("norm", ["channel", "instance", "batch", "group", "none"])
def test_every_weight_learns_under_every_norm(name, dims, norm):
    network = tiny(
        name, dims, norm=norm, **({"filters": 8} if "discriminator" in name or "filters" in TINY[name] else {})
    )
    out = network(torch.randn(2, 2, *[16] * dims))
    sum(part.square().mean() for part in (out if isinstance(out, list) else [out])).backward()
    no_progress = [key for key, weight in network.named_parameters() if weight.grad is None]
    assert not no_progress


@pytest.mark.parametrize("name", BOTH)
def test_evaluation_is_repeatable_and_leaves_dropout_off(name):
    network = tiny(name, 2).eval()
    x = torch.randn(1, 2, 32, 32)
    first, second = (out if isinstance(out, list) else [out] for out in (network(x), network(x)))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_pix2pix_drops_out_while_training():
    network = tiny("pix2pix_unet", 2, depth=6).train()
    x = torch.randn(1, 2, 64, 64)
    assert not torch.equal(network(x), network(x))


@pytest.mark.parametrize("name", ["unet", "resnet", "residual_unet", "residual_encoder_unet"])
def test_no_checkerboard_on_a_flat_image(name):
    out = tiny(name, 2).eval()(torch.full((1, 2, 96, 96), 0.3)).detach()[0, 0, 40:56, 40:56]
    assert float(out.std()) < 1e-4 * max(float(out.abs().mean()), 1e-3) + 1e-6


def test_transposed_convolutions_do_show_one():
    out = (
        tiny("resnet", 2, upsampling="transposed").eval()(torch.full((1, 2, 96, 96), 0.3)).detach()[0, 0, 40:56, 40:56]
    )
    assert float(out.std()) > 1e-4 * float(out.abs().mean())


@pytest.mark.parametrize("name", ["unet", "resnet", "residual_unet", "patch_discriminator"])
def test_what_is_far_away_changes_nothing(name):
    network = tiny(name, 2).eval()
    x = torch.randn(1, 2, 96, 192)
    y = x.clone()
    y[..., 160:] += 5
    one, other = (out[0] if isinstance(out, list) else out for out in (network(x), network(y)))
    near = one.shape[-1] // 4
    assert torch.equal(one[..., :near], other[..., :near])
    assert not torch.equal(one[..., -2:], other[..., -2:])


def test_the_residual_encoder_has_the_weights_of_its_paper():
    weights = sum(weight.numel() for weight in load("residual_encoder_unet")().build(3, 1, 1).parameters())
    assert weights == pytest.approx(102e6, rel=0.05)
    with pytest.raises(UsageError, match="2 levels, but channels have 3"):
        tiny("residual_encoder_unet", 3, blocks=(1, 1))


def test_channel_norm_is_the_equation():
    x = torch.randn(2, 5, 3, 4, dtype=torch.float64)
    expected = x / (x.square().sum(1, keepdim=True) / 5 + 1e-6).sqrt()
    assert torch.allclose(ChannelNorm()(x), expected, rtol=1e-12)


@pytest.mark.parametrize("shape", [(2, 5, 3, 4), (2, 3, 2, 3, 4)])
def test_channel_norm_learns_as_its_equation_does(shape):
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    norm = ChannelNorm()
    assert torch.equal(norm.train()(x), norm.eval()(x))
    assert torch.autograd.gradcheck(norm.train(), x)
    assert torch.autograd.gradgradcheck(lambda given: norm.train()(given).square(), x)


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_an_image_too_small_for_a_discriminator_is_refused(name):
    with pytest.raises(UsageError, match=r"too small.*preparing\.patch"):
        tiny(name, 2, layers=3)(torch.randn(1, 2, 16, 16))


def test_a_multiscale_discriminator_returns_each_scale():
    sizes = [part.shape[-1] for part in tiny("multiscale_discriminator", 2)(torch.randn(1, 2, 64, 64))]
    assert len(sizes) == 2
    assert sizes[0] > sizes[1]


def test_the_paper_s_receptive_field_is_seventy_pixels():
    discriminator = load("patch_discriminator")(norm="none").build(2, 1, 1)
    x = torch.zeros(1, 1, 160, 160, requires_grad=True)
    logits = discriminator(x)[0]
    logits[0, 0, 9, 9].backward()
    observed = x.grad[0, 0].abs().sum(0).nonzero().ravel()
    assert int(observed[-1] - observed[0]) + 1 == 70


@pytest.mark.parametrize("dims", [2, 3])
def test_a_resize_convolution_is_nearest_neighbours_and_a_convolution(dims):
    layer = ResizeConvolution(dims, 3, 2)
    x = torch.randn(2, 3, *[5, 6, 7][:dims])
    expected = layer.convolution(torch.nn.functional.interpolate(x, scale_factor=2.0, mode="nearest"))
    assert torch.allclose(layer(x), expected, atol=1e-5)


def test_an_instance_norm_of_one_voxel_is_refused():
    network = load("unet")(channels=(4, 4), norm="instance").build(2, 1, 1)
    assert network(torch.randn(1, 1, 8, 8)).shape == (1, 1, 8, 8)
    with pytest.raises(UsageError, match=r"preparing\.patch: leaves one voxel"):
        network(torch.randn(1, 1, 2, 2))


def test_class_means_are_the_mean_of_the_intensities_of_the_classes_by_their_probabilities():
    network = load("class_means")(network=load("unet")(channels=(4, 6)), means=(-1.0, 0.25, 0.75)).build(2, 1, 2).eval()
    x = torch.randn(3, 1, 8, 6)
    logits = network.U(x)
    assert logits.shape[1] == 6
    for channel, own in enumerate((logits[:, :3], logits[:, 3:])):
        weights = own.exp() / own.exp().sum(dim=1, keepdim=True)
        expected = -weights[:, 0] + 0.25 * weights[:, 1] + 0.75 * weights[:, 2]
        assert torch.allclose(network(x)[:, channel], expected, atol=1e-6)
