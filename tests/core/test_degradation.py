import numpy as np
import pytest

from medtrans.core.degradation import SEEDS, Degradation, draw_log_uniform, draw_seed, draw_uniform


def test_the_base_class_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Degradation()


def test_a_factor_enlarges_as_often_as_it_shrinks():
    rng = np.random.default_rng(0)
    factors = np.array([draw_log_uniform(rng, (0.8, 1.25)) for _ in range(2000)])
    assert factors.min() >= 1 / 1.25
    assert factors.max() <= 1.25
    assert (factors > 1).mean() == pytest.approx(0.5, abs=0.05)
    assert draw_log_uniform(rng, 1.5) == draw_uniform(rng, 1.5) == 1.5


def test_a_seed_is_a_plain_number():
    seed = draw_seed(np.random.default_rng(0))
    assert type(seed) is int
    assert 0 <= seed < SEEDS
