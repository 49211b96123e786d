import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.metrics.distribution.mmd import MMD

QUICK = MMD(permutations=39)


def drawn(count, rng, sd=1.0):
    return sd * rng.normal(size=(count, 4))


def test_mmd_is_the_formula():
    rng = np.random.default_rng(0)
    x, y = drawn(6, rng), drawn(8, rng, 2.0)
    both = np.concatenate([x, y])
    both = (both - both.mean(0)) / both.std(0)
    apart = np.linalg.norm(both[:, None] - both, axis=2)
    k = np.exp(-(apart**2) / (2 * np.median(apart[np.triu_indices(14, 1)]) ** 2))
    made, real, other = ~np.eye(6, dtype=bool), ~np.eye(8, dtype=bool), k[:6, 6:]
    expected = k[:6, :6][made].mean() + k[6:, 6:][real].mean() - 2 * other.mean()
    assert MMD()(x, y) == pytest.approx(expected)


def test_p_is_even_where_both_sets_are_of_one_distribution():
    rng = np.random.default_rng(1)
    p = np.array([QUICK.p_value(drawn(10, rng), drawn(12, rng), rng) for _ in range(300)])
    # Of 300 tests 15 are expected at p = .05, give or take 3.8.
    assert 4 <= (p <= 0.05).sum() <= 28
    assert p.mean() == pytest.approx(0.5, abs=0.07)


def test_it_sees_a_change_of_spread_that_means_do_not_show():
    rng = np.random.default_rng(2)
    x, y = drawn(40, rng, 2.0), drawn(40, rng)
    x += y.mean(0) - x.mean(0)
    linear = np.square(x.mean(0) - y.mean(0)).sum()
    assert linear == pytest.approx(0, abs=1e-12)
    assert MMD().p_value(x, y, rng) < 0.01


def test_slices_of_one_volume_are_exchanged_together():
    """Ten slices that are the volume's twins add no evidence, unless they are taken for images of their own."""
    rng = np.random.default_rng(3)
    sets = [[np.repeat(drawn(6, rng), 10, axis=0) for _ in range(2)] for _ in range(40)]
    together, alone = (np.array([QUICK.p_value(*pair, rng, each) for pair in sets]) for each in (10, 1))
    assert (together <= 0.05).sum() <= 7
    assert (alone <= 0.05).sum() >= 30


def test_images_that_are_all_the_same_are_refused():
    with pytest.raises(InputRefused, match="every feature is the same"):
        MMD()(np.ones((4, 2)), np.ones((4, 2)))
