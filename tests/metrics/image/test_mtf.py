import numpy as np
import pytest

from medtrans.core.errors import EmptyMask, InputRefused
from medtrans.metrics.image._edges import from_straight_edge
from medtrans.metrics.image.mtf import MTF, frequency
from tests.metrics.image import damaged

EVERYWHERE = np.ones(damaged.SHAPE, bool)


def half(sigma, level=0.5):
    """Where exp(-2 π² σ² f²) is `level`."""
    return np.sqrt(-np.log(level) / 2) / np.pi / sigma


@pytest.mark.parametrize("level", [0.5, 0.1])
@pytest.mark.parametrize("sigma", [0.8, 1.2, 1.8])
def test_a_gaussian_edge_has_a_gaussian_mtf(sigma, level):
    edge = damaged.slanted_edge(sigma)
    distance = from_straight_edge(edge, EVERYWHERE, (1.0, 1.0, 1.0), "mtf")
    assert frequency(edge.ravel(), distance.ravel(), 0.25, level) == pytest.approx(half(sigma, level), rel=0.03)


def test_the_metric_is_the_difference_in_cycles_a_mm():
    spacing = (0.9, 1.1, 1.3)
    sharp, soft = (damaged.slanted_edge(sigma, spacing=spacing) for sigma in (1.0, 1.6))
    assert MTF()(soft, sharp, EVERYWHERE, spacing) == pytest.approx(half(1.0) - half(1.6), rel=0.05)
    assert MTF()(soft, -sharp, EVERYWHERE, spacing) == pytest.approx(half(1.0) - half(1.6), rel=0.05)


def test_the_distance_to_the_edge_is_found_to_a_fraction_of_a_voxel():
    found = from_straight_edge(damaged.slanted_edge(1.0), EVERYWHERE, (1.0, 1.0, 1.0), "mtf")
    i, j, k = np.indices(damaged.SHAPE)
    tilt = np.deg2rad(7)
    expected = np.cos(tilt) * (i - 13) + np.sin(tilt) * np.sqrt(0.5) * (j - 15 + k - 12)
    assert np.abs(found - expected).max() < 0.1


def test_a_round_edge_no_edge_and_a_narrow_mask_are_refused_in_words():
    metric, edge = MTF(), damaged.slanted_edge(1.0)
    with pytest.raises(InputRefused, match="rises and falls in the mask"):
        metric(damaged.image(), damaged.image(), damaged.body())
    with pytest.raises(InputRefused, match="has no edge in the mask"):
        metric(edge, 0 * edge, EVERYWHERE)
    with pytest.raises(InputRefused, match="no step where the target has its edge"):
        metric(0 * edge, edge, EVERYWHERE)
    narrow = EVERYWHERE.copy()
    narrow[:12] = narrow[14:] = False
    with pytest.raises(EmptyMask, match="beyond the edge"):
        metric(edge, edge, narrow)
