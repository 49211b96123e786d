import numpy as np
import pytest
from scipy.special import erf
from scipy.stats import norm

from medtrans.core.errors import EmptyMask
from medtrans.metrics.image.edge_width import EdgeWidth, widths
from tests.metrics.image import damaged

TEN_TO_NINETY = norm.ppf(0.9) - norm.ppf(0.1)
"""Of a Gaussian with σ = 1: 2.563."""
EVERYWHERE = np.ones(damaged.SHAPE, bool)


def test_a_gaussian_edge_is_as_wide_as_the_normal_distribution_says():
    place = np.arange(-40, 41)
    rows = np.stack([100 + 50 * erf(place / sigma / np.sqrt(2)) for sigma in (3.0, 8.0)])
    assert widths(rows) == pytest.approx([3 * TEN_TO_NINETY, 8 * TEN_TO_NINETY], rel=0.01)


def test_a_flat_row_is_as_wide_as_it_is_long():
    assert widths(np.full((1, 41), 7.0)) == [40]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 1.0, 1.2)])
def test_blur_costs_the_millimetres_it_adds_to_a_slanted_edge(spacing):
    sharp, soft = (damaged.slanted_edge(sigma, spacing=spacing) for sigma in (1.8, 2.4))
    found = EdgeWidth(reach_mm=8)(soft, sharp, EVERYWHERE, spacing)
    assert found == pytest.approx(0.6 * TEN_TO_NINETY, rel=0.1)


def test_an_edge_too_near_the_rim_of_the_mask_is_refused():
    inside = EVERYWHERE.copy()
    inside[:10] = inside[17:] = False
    with pytest.raises(EmptyMask, match="has 5 mm of mask on both sides"):
        EdgeWidth()(damaged.slanted_edge(1.0), damaged.slanted_edge(1.0), inside)
