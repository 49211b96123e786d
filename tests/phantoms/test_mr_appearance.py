import numpy as np
import pytest

from medtrans.phantoms.mr_appearance import near, of_sequence, random_contrast
from medtrans.phantoms.signals import FULL_SCALE, TIMES, sequence, signal, table
from medtrans.phantoms.tissues import NUMBER

WHITE, GREY, WATER, BONE, FAT, MARROW = (
    NUMBER[name] for name in ("white matter", "grey matter", "CSF", "cortical bone", "fat", "marrow")
)


def looks(draw, count=60):
    return [draw(np.random.default_rng(seed)) for seed in range(count)]


def test_without_variation_signals_are_the_equations():
    look = of_sequence("T2", np.random.default_rng(0), tesla=3.0, noise=0.1, bias=0.2, variation=0)
    assert look.signals == pytest.approx(FULL_SCALE * signal(*table(3.0), sequence("T2", 3.0)))
    assert (look.noise, look.bias, look.gamma) == (0.1, 0.2, 1.0)


@pytest.mark.parametrize("draw", [random_contrast, *(lambda rng, name=name: near(name, rng) for name in TIMES)])
def test_looks_are_plain_numbers_that_the_same_draws_repeat(draw):
    one, same, other = (draw(np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert one == same != other
    assert all(isinstance(value, float) for value in (*one.signals, *one.texture, one.noise, one.bias, one.gamma))
    assert one.signals[NUMBER["air outside"]] == one.signals[NUMBER["air inside"]] == 0
    assert min(one.signals) >= 0


def test_near_a_contrast_tissues_keep_their_order():
    for look in looks(lambda rng: near("T1", rng)):
        s = look.signals
        assert s[FAT] > s[WATER]
        assert s[BONE] < 0.2 * s[WHITE]
    assert np.mean([look.signals[WHITE] > look.signals[GREY] for look in looks(lambda rng: near("T1", rng))]) > 0.85
    assert all(look.signals[WATER] > look.signals[WHITE] for look in looks(lambda rng: near("T2", rng)))


def test_a_random_contrast_may_turn_any_two_tissues_around():
    drawn = np.array([look.signals for look in looks(random_contrast)])
    assert 0.3 < (drawn[:, WHITE] > drawn[:, GREY]).mean() < 0.7
    assert (drawn[:, BONE] < 0.2 * FULL_SCALE).mean() > 0.7
    low, high = np.sort(drawn[:, [BONE, FAT]]).T
    assert ((low <= drawn[:, MARROW]) & (drawn[:, MARROW] <= high)).all()
