import numpy as np
import pytest

from medtrans.phantoms.shapes import Arch, Ellipsoid, Rod, rounded_union


def at(shape, *point):
    return float(shape.depth(*(np.array([along], np.float32) for along in point))[0])


def test_the_depth_of_a_ball_is_its_radius_less_the_distance():
    ball = Ellipsoid((1, 2, 3), (10, 10, 10))
    for distance in (4, 9, 11):
        assert at(ball, 1, 2 + distance, 3) == pytest.approx(10 - distance, abs=0.01)


def test_the_depth_of_a_rod_follows_its_radius():
    rod = Rod((0, 0, 0), (10, 0, 0), 2, 4)
    assert [at(rod, x, 1, 0) for x in (0, 5, 10)] == pytest.approx([1, 2, 3])
    assert at(rod, 15, 0, 0) == pytest.approx(-1)


@pytest.mark.parametrize(
    "shape", [Ellipsoid((5, 0, -5), (8, 4, 6)), Rod((0, 1, 2), (9, -4, 3), 3, 1), Arch((0, 0, 0), (12, 9), 3, 4)]
)
def test_a_box_holds_its_shape(shape):
    axis = np.arange(-20, 20.5, 1, np.float32)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    low, high = shape.box()
    inside = shape.depth(x, y, z) > 0.1
    assert inside.any()
    for along, least, most in zip((x, y, z), low, high, strict=True):
        assert least <= along[inside].min() <= along[inside].max() <= most


def test_a_rounded_union_fills_creases_only():
    a, b = np.array([5.0, 2.0], np.float32), np.array([-5.0, 2.0], np.float32)
    assert rounded_union([a, b], 4) == pytest.approx([5.0, 3.0])
