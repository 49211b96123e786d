import pytest
import torch

from medtrans.losses._masked_mean import l1
from medtrans.losses.pinball import pinball


@pytest.mark.parametrize("quantile", [0.05, 0.5, 0.9])
def test_its_minimum_is_the_quantile(quantile):
    values = torch.randn(1, 1, 4001, generator=torch.Generator().manual_seed(0))
    candidates = torch.linspace(-3, 3, 601)
    losses = [float(pinball(torch.full_like(values, float(one)), values, quantile)) for one in candidates]
    best = float(candidates[losses.index(min(losses))])
    assert best == pytest.approx(float(torch.quantile(values, quantile)), abs=0.02)


def test_of_the_median_it_is_half_the_absolute_error_and_counts_the_mask_alone():
    a, b = torch.rand(2, 2, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    mask = torch.zeros(2, 1, 4, 4)
    mask[..., 1:] = 1
    assert float(2 * pinball(a, b, 0.5, mask)) == pytest.approx(float(l1(a, b, mask)))
