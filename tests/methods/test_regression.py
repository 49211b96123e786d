import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch
from medtrans.losses.feature import feature_distance
from medtrans.losses.pinball import pinball
from tests.methods.blobs_toy import blobs, learn, toy_method, unseen

NETWORK = {"name": "unet", "channels": [4, 8]}


def looked_at(**changes):
    method = toy_method("regression", generator=NETWORK, segmenter="there", **changes)
    method.attach_frozen("segmenter", toy_method("segmenter", network=NETWORK))
    return method


def batch():
    rng = torch.Generator().manual_seed(0)
    mask = torch.zeros(2, 1, 8, 8)
    mask[..., 2:] = 1
    return Batch(*torch.rand(2, 2, 1, 8, 8, generator=rng), mask)


def test_the_features_of_a_segmenter_are_compared_too():
    method, given = looked_at(segmenter_feature_weight=0.5), batch()
    ((_, terms),) = method.losses(given)
    observed, true = (method.segmenter.features(image) for image in (method.G(given.source), given.target))
    assert float(terms["features"].detach()) == pytest.approx(
        0.5 * float(feature_distance(observed, true, given.mask).detach())
    )
    terms["features"].backward()
    assert all(weight.grad is None for weight in method.segmenter.parameters())
    assert any(bool(weight.grad.any()) for weight in method.G.parameters())


def test_without_a_segmenter_no_model_is_required():
    method = toy_method("regression", generator=NETWORK)
    assert method.requires_models(method.settings) == {}
    ((_, terms),) = method.losses(batch())
    assert terms.keys() == {"l1"}


@pytest.mark.parametrize(
    "unfit", [("regression", {"generator": NETWORK}), ("segmenter", {"network": NETWORK, "source": 3})]
)
def test_a_model_without_features_of_the_targets_is_refused(unfit):
    name, changes = unfit
    with pytest.raises(UsageError, match=r"preparing\.slices: 1"):
        looked_at().attach_frozen("segmenter", toy_method(name, **changes))


def test_it_learns_another_contrast():
    def inverted(count, rng):
        x = 2 * blobs(count, rng, number=1) - 1
        return x, -0.8 * x

    method = toy_method("regression", generator={"name": "unet", "channels": [8, 16]})
    x, y = unseen(inverted)

    def error():
        return float((method.translate(x) - y).abs().mean().detach())

    before = error()
    learn(method, 60, inverted)
    assert error() < 0.1 < 0.5 < before


def faded(count, rng):
    """Blobs, the same fainter, and by how much: an attribute of the pair, as a time or a field strength is."""
    x, share = blobs(count, rng), torch.rand(count, 1, generator=rng)
    return x, x * share[..., None, None], share


JUDGE = {"name": "patch_discriminator", "filters": 8, "layers": 1}


@pytest.mark.parametrize(("name", "changes"), [("regression", {}), ("pix2pix", {"discriminator": JUDGE})])
def test_a_condition_determines_the_translation(name, changes):
    method = learn(toy_method(name, conditions=1, generator=NETWORK, **changes), 150, faded)
    x, y, share = unseen(faded)
    expected, misled = ((method.translate(x, code).detach() - y).abs().mean() for code in (share, 1 - share))
    best_untold = (x / 2 - y).abs().mean()
    assert expected < 0.5 * best_untold
    assert misled > best_untold


def test_a_residual_network_starts_from_the_middle_slice_of_its_source():
    method = toy_method("regression", source=3, residual=True, generator=NETWORK)
    for weight in method.G.parameters():
        torch.nn.init.zeros_(weight)
    given = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(method.translate(given), given[:, 1:2])


def test_a_residual_network_learns_the_difference():
    def fainter(count, rng):
        x = blobs(count, rng, number=1)
        return x, 0.5 * x

    method = learn(toy_method("regression", residual=True, generator=NETWORK), 80, fainter)
    x, y = unseen(fainter)
    assert (method.translate(x) - y).abs().mean() < 0.25 * (x - y).abs().mean()


def test_two_contrasts_are_no_start_of_one_target():
    with pytest.raises(UsageError, match="middle slice"):
        toy_method("regression", source=2, residual=True, generator=NETWORK)


def test_quantiles_are_trained_by_the_pinball_loss_around_the_image():
    """Both ends lie 1.645 spreads from the image, where both heads give the same."""
    method, given = toy_method("regression", generator=NETWORK, quantiles=[0.05, 0.95]), batch()
    last = [module for module in method.G.modules() if getattr(module, "out_channels", 0) == 3][-1]
    with torch.no_grad():
        last.weight[2], last.bias[2] = last.weight[1], last.bias[1]
    ((_, terms),) = method.losses(given)
    image, spread = method.translate(given.source), method.spread(given.source)
    assert image.shape == spread.shape == given.target.shape
    assert float(spread.detach().min()) > 0
    for quantile, side in ((0.05, -1.6449), (0.95, 1.6449)):
        expected = pinball(image + side * spread, given.target, quantile, given.mask)
        assert float(terms[f"quantile_{quantile}"].detach()) == pytest.approx(float(expected.detach()), rel=1e-3)


def test_the_image_is_not_trained_through_its_quantiles():
    method, given = toy_method("regression", generator=NETWORK, quantiles=[0.1, 0.9]), batch()
    ((_, terms),) = method.losses(given)
    assert terms.keys() == {"l1", "quantile_0.1", "quantile_0.9"}
    heads = [weight for name, weight in method.G.named_parameters() if weight.shape[0] == 3 and weight.ndim == 4]
    terms["quantile_0.9"].backward()
    assert not heads[-1].grad[0].any()
    assert heads[-1].grad[2].any()


@pytest.mark.parametrize("quantiles", [[0.9], [0.6, 0.9], [0.05, 0.5, 0.95]])
def test_quantiles_are_one_below_and_one_above_the_median(quantiles):
    with pytest.raises(UsageError, match="one quantile below and one above"):
        toy_method("regression", generator=NETWORK, quantiles=quantiles).settings.refuse_invalid("method")
