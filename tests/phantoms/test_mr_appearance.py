import numpy as np
import pytest

from medtrans.degradations._signal_equations import signal
from medtrans.phantoms.mr_appearance import (
    FAT_SHIFT,
    SUPPRESSED,
    SURFACE,
    of_sequence,
    other_scanner,
    random_contrast,
)
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
    assert (t1[:, FAT] > t1[:, WATER]).mean() > 0.85
    assert (t1[:, BONE] < 0.2 * t1[:, WHITE]).all()
    assert (t1[:, WHITE] > t1[:, GREY]).mean() > 0.85
    assert (t2[:, WATER] > t2[:, WHITE]).all()


def test_a_random_contrast_may_turn_any_two_tissues_around():
    s = signals(random_contrast)
    assert 0.3 < (s[:, WHITE] > s[:, GREY]).mean() < 0.7
    assert (s[:, BONE] < 0.2 * FULL_SCALE).mean() > 0.7
    low, high = np.sort(s[:, [BONE, FAT]]).T
    between = (low <= s[:, MARROW]) & (s[:, MARROW] <= high)
    assert 1 - 2 * SUPPRESSED < between.mean() < 1, "but for images with fat suppressed, where marrow may be brighter"


@pytest.mark.parametrize("name", TIMES)
def test_fat_is_suppressed_in_a_share_of_the_images_and_as_bright_as_in_trains_of_echoes_in_others(name):
    """Of real heads, relative to white matter: 0.25 in a FLAIR, 1.3 to 2.8 in T1, 1.2 to 2.2 in T2, coil included."""
    s = signals(lambda rng: other_scanner(name, rng), 300)
    fat = s[:, FAT] / s[:, WHITE]
    assert 0.1 < (fat < 0.5).mean() < 0.35
    assert (fat > 1.3).mean() > 0.25
    assert (s[:, MARROW] > s[:, FAT])[fat < 0.4].mean() > 0.2, "red marrow stays"
    assert 0.02 < (s[:, MARROW] > 0.8 * s[:, FAT]).mean() < 0.5


@pytest.mark.parametrize("draw", [random_contrast, lambda rng: other_scanner("T2", rng)])
def test_a_surface_coil_and_a_chemical_shift_are_drawn_in_half_of_the_images(draw):
    drawn = [draw(np.random.default_rng(seed)) for seed in range(200)]
    for values, most in (([one.surface for one in drawn], SURFACE), ([one.fat_shift[1] for one in drawn], FAT_SHIFT)):
        assert 0.4 < np.mean(np.array(values) == 0) < 0.6
        assert 0.9 * most < np.abs(values).max() <= most
    assert min(one.surface for one in drawn) == 0
    assert {one.fat_shift[0] for one in drawn} == {0, 1, 2}
