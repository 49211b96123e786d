import pytest
import torch

from medtrans.losses.feature import feature_distance


def test_levels_have_equal_weights_for_any_size():
    a = [torch.zeros(1, 2, 8, 8), torch.zeros(1, 4, 4, 4)]
    b = [torch.full((1, 2, 8, 8), 1.0), torch.full((1, 4, 4, 4), 4.0)]
    assert float(feature_distance(a, b)) == pytest.approx(2.5)


def test_what_lies_outside_the_mask_does_not_count():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4] = 1
    a = [torch.zeros(1, 2, 8, 8), torch.zeros(1, 4, 4, 4)]
    b = [torch.ones_like(level) for level in a]
    for level in b:
        level[..., level.shape[-1] // 2 :] = 100
    assert float(feature_distance(a, b, mask)) == pytest.approx(1)
