import json

import numpy as np
import pytest

from medtrans.degradations.bias_field import BiasField
from medtrans.degradations.blur import Blur
from medtrans.degradations.gain import Gain
from medtrans.degradations.gamma import Gamma
from medtrans.degradations.noise import Noise
from medtrans.preparing.augmentation import augment_intensity, draw_intensity, draw_transforms
from medtrans.preparing.sampling_grid import sample, sampling_grid
from medtrans.preparing.settings import PreparingSettings
from medtrans.preparing.transforms.elastic import Elastic
from medtrans.preparing.transforms.flip import Flip
from medtrans.preparing.transforms.rotation import Rotation
from medtrans.preparing.transforms.scaling import Scaling
from medtrans.preparing.transforms.translation import Translation

EVERYTHING = (
    Flip(),
    Rotation(degrees=20),
    Scaling(strength=0.2),
    Translation(millimetres=3),
    Elastic(millimetres=1),
    Gamma(exponent=(0.77, 1.3)),
    Gain(factor=(0.83, 1.2)),
    BiasField(strength=0.2),
    Blur(millimetres=(0, 2)),
    Noise(deviation=(0, 0.05)),
)
SPACING = (1.0, 2.0)


def plain(drawn):
    """The parameters of each step, by its name."""
    return {step.name: parameters for step, parameters in drawn}


def test_by_default_nothing_is_augmented():
    assert PreparingSettings().augmentation == ()
    image = np.ones((1, 4, 4), np.float32)
    assert augment_intensity(image, [], (1, 1), -1.0) is image


def test_draws_are_plain_and_applied_the_same_way_for_ever():
    rng = np.random.default_rng(0)
    transforms, degradations = draw_transforms(EVERYTHING, rng, 2), draw_intensity(EVERYTHING, rng)
    assert list(plain(transforms)) == ["flip", "rotation", "scaling", "translation", "elastic"]
    assert list(plain(degradations)) == ["gamma", "gain", "bias_field", "blur", "noise"]
    for drawn in (plain(transforms), plain(degradations)):
        assert json.loads(json.dumps(drawn)) == drawn
    image = np.random.default_rng(1).random((2, 12, 13), dtype=np.float32)
    once, again = (sample(image, sampling_grid(transforms, (1, 2), (8, 8), SPACING), 0.0) for _ in range(2))
    assert np.array_equal(once, again)
    once, again = (augment_intensity(image, degradations, SPACING, -1.0) for _ in range(2))
    assert np.array_equal(once, again)


def test_steps_of_a_recipe_are_found_by_their_names_in_both_families():
    options = {
        "augmentation": [{"name": "flip"}, {"name": "rotation", "degrees": 5}, {"name": "gain", "factor": [0.9, 1.1]}]
    }
    settings = PreparingSettings.from_dict(options)
    assert settings.augmentation == (Flip(), Rotation(degrees=5), Gain(factor=(0.9, 1.1)))
    assert PreparingSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    "step", [Gain(factor=(0.67, 1.5)), Gamma(exponent=(0.67, 1.5)), BiasField(strength=0.5), Blur(millimetres=(0, 0.5))]
)
def test_air_stays_air_when_a_source_is_degraded(step):
    image = np.full((1, 24, 24), -1.3, np.float32)
    image[:, 10:14, 10:14] = 0.5
    drawn = draw_intensity([step], np.random.default_rng(0))
    other = augment_intensity(image, drawn, (0.2, 0.2), -1.3)
    assert other[:, :4] == pytest.approx(-1.3)
    assert not np.allclose(other[:, 8:16, 8:16], image[:, 8:16, 8:16], atol=1e-4)
    assert image[0, 0, 0] == np.float32(-1.3)


def test_the_range_from_air_to_the_bright_end_is_the_unit_of_degradations():
    image = np.float32([-1, 0, 1]).reshape(1, 3, 1)
    drawn = [(Gamma(), {"exponent": 2.0})]
    assert augment_intensity(image, drawn, (1, 1), -1.0).ravel() == pytest.approx([-1, -0.5, 1])
    noisy = augment_intensity(
        np.zeros((1, 64, 64), np.float32), [(Noise(), {"deviation": 0.05, "seed": 3})], (1, 1), -1
    )
    assert noisy.std() == pytest.approx(0.1, rel=0.05)


def test_blocks_and_stacks_keep_their_shape():
    drawn = draw_intensity(EVERYTHING, np.random.default_rng(0))
    for shape, spacing in (((2, 6, 7, 8), (1, 1, 2)), ((5, 9, 8), (1, 2))):
        image = np.random.default_rng(1).random(shape, dtype=np.float32)
        assert augment_intensity(image, drawn, spacing, -1.0).shape == shape
