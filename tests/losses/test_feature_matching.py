import numpy as np
import pytest
import torch

from medtrans.losses.feature_matching import feature_matching, mean_feature_matching


def features(seed):
    """Two scales of two layers, of different sizes."""
    rng = np.random.default_rng(seed)
    shapes = [[(3, 2, 8, 8), (3, 4, 4, 4)], [(3, 2, 4, 4), (3, 4, 2, 2)]]
    return [[rng.normal(size=shape) for shape in layers] for layers in shapes]


def as_tensors(scales):
    return [[torch.from_numpy(layer) for layer in layers] for layers in scales]


def test_layers_are_summed_and_scales_averaged():
    fake, real = features(0), features(1)
    by_hand = sum(np.abs(f - r).mean() for fs, rs in zip(fake, real, strict=True) for f, r in zip(fs, rs, strict=True))
    assert float(feature_matching(as_tensors(fake), as_tensors(real))) == pytest.approx(by_hand / 2)


def test_of_a_batch_only_the_mean_is_matched():
    fake, real = features(0), features(1)
    by_hand = sum(
        ((f.mean(0) - r.mean(0)) ** 2).mean()
        for fs, rs in zip(fake, real, strict=True)
        for f, r in zip(fs, rs, strict=True)
    )
    assert float(mean_feature_matching(as_tensors(fake), as_tensors(real))) == pytest.approx(by_hand / 2)
    shuffled = [[layer[[2, 0, 1]] for layer in layers] for layers in real]
    assert float(mean_feature_matching(as_tensors(shuffled), as_tensors(real))) == pytest.approx(0)


@pytest.mark.parametrize("loss", [feature_matching, mean_feature_matching])
def test_the_real_side_is_not_taught(loss):
    fake, real = ([[torch.randn(2, 3, 4, requires_grad=True)]] for _ in range(2))
    loss(fake, real).backward()
    assert fake[0][0].grad.abs().max() > 0
    assert real[0][0].grad is None
