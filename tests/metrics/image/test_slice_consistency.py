import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.metrics.image.slice_consistency import SliceConsistency

I, J, K = np.indices((5, 5, 5))
EVERYWHERE = np.ones(I.shape, bool)


def test_twice_the_steps_across_slices_are_one_too_many():
    target = 3 * I + 3 * J + 2 * K
    assert SliceConsistency()(3 * I + 3 * J + 4 * K, target, EVERYWHERE) == pytest.approx(1)
    assert SliceConsistency(axis="i")(3 * I + 3 * J + 4 * K, target, EVERYWHERE) == pytest.approx(1 - 2.5 / 3.5)


def test_more_contrast_everywhere_is_no_fault():
    target = 3 * I + 3 * J + 2 * K
    assert SliceConsistency()(5 * target, target, EVERYWHERE) == pytest.approx(0)


def test_one_slice_is_refused():
    with pytest.raises(InputRefused, match="target does not vary across slices"):
        SliceConsistency()(I + J + K, (I + J)[..., :1] + 0 * K, EVERYWHERE)
