import pytest
import torch

from tests.methods.blobs_toy import blobs, learn, unseen
from tests.methods.blobs_toy import toy_method as toy
from tests.methods.tiny import batch_for, tiny

JUDGES = {"name": "multiscale_discriminator", "filters": 8, "layers": 1, "scales": 2}


def test_its_objectives_are_the_formulas():
    method = tiny("pix2pix", l1=3.0, feature_matching=2.0, discriminator=JUDGES).eval()
    batch = batch_for(method)
    x, y = batch.source, batch.target
    batch.mask[..., :4] = 0
    (_, generator), (_, discriminator) = method.losses(batch)
    fake = method.G(x)
    logits, layers = method.D(torch.cat([x, fake], 1), features=True)
    wanted, right = method.D(torch.cat([x, y], 1), features=True)
    log, sigmoid = torch.log, torch.sigmoid
    matching = [(f - r).abs().mean() for fs, rs in zip(layers, right, strict=True) for f, r in zip(fs, rs, strict=True)]
    expected = {
        "gan": sum(-log(sigmoid(d)).mean() for d in logits) / 2,
        "l1": 3 * (fake - y)[..., 4:].abs().mean(),
        "feature_matching": 2 * sum(matching) / 2,
    }
    torch.testing.assert_close(generator, expected)
    reference = [
        (-log(sigmoid(r)).mean() - log(1 - sigmoid(f)).mean()) / 2 for r, f in zip(wanted, logits, strict=True)
    ]
    torch.testing.assert_close(discriminator, {"gan": sum(reference) / 2})


@pytest.mark.parametrize("changes", [{}, {"l1": 0, "feature_matching": 10}])
def test_it_learns_by_l1_or_by_feature_matching(changes):
    def inverted(count, rng):
        x = 2 * blobs(count, rng, number=1) - 1
        return x, -0.8 * x

    method = toy("pix2pix", generator={"name": "unet", "channels": [8, 16]}, discriminator=JUDGES, **changes)

    @torch.no_grad()
    def error():
        x, y = unseen(inverted)
        return float((method.translate(x) - y).abs().mean())

    assert error() > 0.9
    learn(method, 60, inverted)
    assert error() < 0.07
