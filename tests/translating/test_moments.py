import numpy as np

from medtrans.translating.moments import Moments


def test_they_equal_those_of_all_values_at_once():
    values = np.random.default_rng(0).normal(1000, 1, (5, 3, 4)).astype(np.float32)
    found = Moments()
    for each in values:
        found.add(each)
    assert np.allclose(found.mean, values.mean(0), rtol=1e-6)
    assert np.allclose(found.variance, values.var(0, ddof=1), rtol=1e-3)
    assert found.mean.dtype == found.variance.dtype == np.float32
