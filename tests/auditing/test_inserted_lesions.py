"""Lesions that are put into images, and taken out of them."""

import numpy as np
import pytest

from medtrans.auditing.half_detected import half_diameter, half_interval
from medtrans.auditing.inpainting import inpainted
from medtrans.auditing.inserted_lesions import DEPTH_MM, Ball, draw_places, inserted
from medtrans.auditing.observer import reach_mm
from medtrans.core.errors import InputRefused

SHAPE, SPACING = (40, 44, 30), (1.5, 1.5, 2.0)


@pytest.mark.parametrize("diameter", [4.0, 10.0])
def test_an_inserted_ball_has_the_volume_of_its_diameter(diameter):
    made = inserted(np.zeros(SHAPE), [Ball((20.3, 21.6, 14.2), diameter)], 7.0, SPACING)
    assert made.sum() / 7 * np.prod(SPACING) == pytest.approx(np.pi / 6 * diameter**3, rel=0.02)
    assert made.max() <= 7.0


def test_a_ball_at_the_border_is_cut_off():
    made = inserted(np.zeros(SHAPE), [Ball((0.0, 21.0, 14.0), 10.0)], 1.0, SPACING)
    assert made.shape == SHAPE
    assert 0.3 < made.sum() * np.prod(SPACING) / (np.pi / 6 * 1000) < 0.8


def test_lesions_lie_inside_and_apart():
    place = np.zeros(SHAPE, bool)
    place[3:-3, 3:-3, 3:-3] = True
    image = np.random.default_rng(0).standard_normal(SHAPE)
    balls = draw_places(place, image, [4.0, 4.0, 8.0, 4.0], SPACING, np.random.default_rng(1))
    assert max(ball.diameter for ball in balls) == 8
    for ball in balls:
        near = np.minimum(np.array(ball.centre) - 2, np.subtract(SHAPE, 3) - ball.centre) * SPACING
        assert near.min() > ball.diameter / 2 + DEPTH_MM - max(SPACING)
    one, other = balls[:2]
    gap = np.linalg.norm(np.subtract(one.centre, other.centre) * SPACING)
    assert gap > max(reach_mm(a.diameter, SPACING) + b.diameter / 2 for a, b in ((one, other), (other, one)))


def test_a_body_without_room_is_refused():
    with pytest.raises(InputRefused, match="--place"):
        draw_places(np.ones((6, 6, 6), bool), np.zeros((6, 6, 6)), [20.0], SPACING, np.random.default_rng(0))


def test_a_removed_lesion_leaves_its_surroundings_and_their_slope():
    """A ramp continues through the hole: Laplace's equation has it as its solution."""
    ramp = np.broadcast_to(np.arange(SHAPE[0], dtype=float)[:, None, None], SHAPE)
    lesion = np.zeros(SHAPE, bool)
    lesion[15:22, 18:25, 10:15] = True
    made = inpainted(np.where(lesion, 500.0, ramp), lesion, 0.0, SPACING, np.random.default_rng(0))
    assert np.abs(made - ramp).max() < 0.01
    noisy = inpainted(np.where(lesion, 500.0, ramp), lesion, 2.0, SPACING, np.random.default_rng(0))
    assert (noisy - ramp)[lesion].std() == pytest.approx(2.0, rel=0.15)


def test_diameter_detected_half_the_time():
    sizes = np.repeat([4.0, 8.0, 16.0], 10)
    rising = np.array([0] * 10 + [1] * 5 + [0] * 5 + [1] * 10)
    assert half_diameter(sizes, rising) == 8
    low, high = half_interval(sizes, rising, list(range(30)))
    assert 4 < low <= 8 <= high < 16
    assert half_diameter(sizes, np.ones(30)) == 0
    assert half_diameter(sizes, np.zeros(30)) == np.inf
    between = np.array([0] * 10 + [0] * 10 + [1] * 10)
    assert half_diameter(sizes, between) == pytest.approx(np.sqrt(8 * 16))
