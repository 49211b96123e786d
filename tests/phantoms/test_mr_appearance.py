import numpy as np
import pytest

from medtrans.degradations._signal_equations import signal
from medtrans.phantoms.mr_appearance import of_sequence, other_scanner, random_contrast
from medtrans.phantoms.signals import FULL_SCALE, TIMES, sequence, table
from medtrans.phantoms.tissues import NUMBER

WHITE, GREY, WATER, BONE, FAT, MARROW = (
    NUMBER[name] for name in ("white matter", "grey matter", "CSF", "cortical bone", "fat", "marrow")
)


def signals(draw, count=60):
    """(appearance, tissue)"""
    return np.array([draw(np.random.default_rng(seed)).signals for seed in range(count)])


def test_without_variation_signals_are_the_equations():
    appearance = of_sequence("T2", np.random.default_rng(0), tesla=3.0, noise=0.1, bias=0.2, variation=0)
    assert appearance.signals == pytest.approx(FULL_SCALE * signal(*table(3.0), sequence("T2", 3.0)))
    assert (appearance.noise, appearance.bias, appearance.gamma) == (0.1, 0.2, 1.0)


@pytest.mark.parametrize(
    "draw", [random_contrast, *(lambda rng, name=name: other_scanner(name, rng) for name in TIMES)]
)
def test_an_appearance_is_plain_numbers_and_the_same_seed_repeats_it(draw):
    one, same, other = (draw(np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert one == same != other
    assert all(isinstance(value, float) for value in (*one.signals, *one.texture, one.noise, one.bias, one.gamma))
    assert one.signals[NUMBER["air outside"]] == one.signals[NUMBER["air inside"]] == 0
    assert min(one.signals) >= 0


def test_on_another_scanner_tissues_keep_their_order():
    t1, t2 = (signals(lambda rng, name=name: other_scanner(name, rng)) for name in ("T1", "T2"))
    for s in t1:
        assert s[FAT] > s[WATER]
        assert s[BONE] < 0.2 * s[WHITE]
    assert (t1[:, WHITE] > t1[:, GREY]).mean() > 0.85
    assert (t2[:, WATER] > t2[:, WHITE]).all()


def test_a_random_contrast_may_turn_any_two_tissues_around():
    s = signals(random_contrast)
    assert 0.3 < (s[:, WHITE] > s[:, GREY]).mean() < 0.7
    assert (s[:, BONE] < 0.2 * FULL_SCALE).mean() > 0.7
    low, high = np.sort(s[:, [BONE, FAT]]).T
    assert ((low <= s[:, MARROW]) & (s[:, MARROW] <= high)).all()
