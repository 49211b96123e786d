import numpy as np
import pytest
from scipy import ndimage

from medtrans.phantoms.distances import distance


def test_distances_are_exact_up_to_their_reach():
    to = np.random.default_rng(0).random((20, 16, 12)) < 0.004
    to[3, 3, 3] = True
    exact = ndimage.distance_transform_edt(~to, sampling=(1, 1.5, 2))
    near = distance(to, (1, 1.5, 2), 6)
    assert near == pytest.approx(np.minimum(exact, 6), abs=1e-5)
