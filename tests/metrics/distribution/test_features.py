import numpy as np
import pytest

from medtrans.metrics.distribution._features import NAME, features


def noise(shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.3, shape)


@pytest.mark.parametrize("space", [(24, 16), (12, 16, 20)])
def test_sixteen_numbers_of_an_image_of_any_dimension(space):
    read = features(noise((3, *space)))
    assert read.shape == (3, 16)
    assert np.isfinite(read).all()
    assert np.isfinite(features(-np.ones((1, *space)))).all(), "empty images too"


def test_grey_values_by_hand():
    image = np.full((16, 16), -1.0)
    image[:8] = 0.5
    mean, deviation, body, *percentiles = features(image[None])[0, :8]
    assert (mean, deviation, body) == pytest.approx((-0.25, 0.75, 0.5))
    assert percentiles == [0.5] * 5


def test_roughness_and_spectrum_by_hand():
    stripes = 0.5 * np.cos(np.arange(32) * np.pi / 2)[:, None] * np.ones(32)
    *roughness, slow, _, _, fast = features(stripes[None])[0, 8:]
    assert roughness == pytest.approx([0.25, 0.25, 0.0, 0.0], abs=0.01)
    assert slow == pytest.approx(np.log(1e-6))
    assert fast > slow + 5


def test_blur_shows_in_the_fast_waves_and_not_in_the_mean():
    image = noise((1, 32, 32))
    blurred = (image + np.roll(image, 1, 1) + np.roll(image, 1, 2) + np.roll(image, (1, 1), (1, 2))) / 4
    sharp, soft = features(image)[0], features(blurred)[0]
    assert soft[0] == pytest.approx(sharp[0])
    assert soft[-1] < sharp[-1] - 1
    assert soft[8] < sharp[8]


def test_its_name_holds_a_hash():
    assert NAME.startswith("radiomics-")
    assert len(NAME) == 18
