import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from tests.methods.tiny import batch_for, tiny
from tests.methods.unpaired_toy import error_after_learning, toy_method


def test_its_objectives_are_the_formulas():
    method = tiny("discogan", reconstruction=3.0, feature_matching=2.0)
    batch = batch_for(method)
    x_A, x_B = batch.source, batch.target
    (_, generators), (_, discriminators) = method.losses(batch)
    fake_A, fake_B = method.G_BA(x_B), method.G_AB(x_A)
    real, fake = ([method.D_A(a)[0], method.D_B(b)[0]] for a, b in ((x_A, x_B), (fake_A, fake_B)))
    yes, no = torch.ones_like(real[0]), torch.zeros_like(real[0])
    layers = [
        (made.mean(0) - observed.mean(0)).square().mean()
        for D, a, b in ((method.D_A, fake_A, x_A), (method.D_B, fake_B, x_B))
        for made, observed in zip(D(a, features=True)[1][0], D(b, features=True)[1][0], strict=True)
    ]
    back = (method.G_BA(fake_B) - x_A).square().mean() + (method.G_AB(fake_A) - x_B).square().mean()
    expected = {
        "gan_A": bce(fake[0], yes),
        "gan_B": bce(fake[1], yes),
        "reconstruction": 3 * back,
        "feature_matching": 2 * sum(layers),
    }
    torch.testing.assert_close(generators, expected)
    reference = [(bce(r, yes) + bce(f, no)) / 2 for r, f in zip(real, fake, strict=True)]
    torch.testing.assert_close(discriminators, {"D_A": reference[0], "D_B": reference[1]})


@pytest.mark.parametrize("seed", range(2))
def test_its_objectives_pull_a_contrast_to_that_of_the_targets_without_pairs(seed):
    assert error_after_learning(toy_method("discogan", seed), seed) < 0.6
