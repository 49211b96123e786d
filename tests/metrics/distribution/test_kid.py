import numpy as np
import pytest

from medtrans.core.errors import InputRefused
from medtrans.metrics.distribution.kid import KID


def read_aloud(x, y):
    """The formula, pair by pair."""

    def k(a, b):
        return (np.dot(a, b) / len(a) + 1) ** 3

    among = [np.mean([k(a, b) for i, a in enumerate(s) for j, b in enumerate(s) if i != j]) for s in (x, y)]
    return sum(among) - 2 * np.mean([k(a, b) for a in x for b in y])


def test_kid_is_the_formula():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 3)), rng.normal(1, 2, size=(7, 3))
    assert KID()(x, y) == pytest.approx(read_aloud(x, y))


def test_its_mean_over_halves_of_one_distribution_is_nothing():
    rng = np.random.default_rng(1)
    found = [KID()(*rng.normal(size=(2, 5, 4))) for _ in range(500)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(500)
    assert np.mean(found) < 0.1 * KID()(rng.normal(1, 1, (500, 4)), rng.normal(size=(500, 4)))


def test_slices_of_one_volume_are_no_pair():
    """Two slices of each are alike: taken for independent images, sets of one distribution would be far apart."""
    rng = np.random.default_rng(2)
    doubled = [[np.repeat(volumes, 2, axis=0) for volumes in rng.normal(size=(2, 6, 3))] for _ in range(300)]
    right, wrong = ([KID()(*pair, each) for pair in doubled] for each in (2, 1))
    assert abs(np.mean(right)) < 4 * np.std(right) / np.sqrt(300)
    assert np.mean(wrong) > 8 * np.std(wrong) / np.sqrt(300)


def test_one_volume_is_no_set():
    with pytest.raises(InputRefused, match="1 generated and 4 real images are too few"):
        KID()(np.ones((1, 3)), np.ones((4, 3)))
