"""What holds for every degradation, found through the registry."""

import json

import numpy as np
import pytest

from medtrans import degradations
from medtrans.core.volume import Origin, Volume
from tests.preparing.phantom_volumes import ball

every_degradation = pytest.mark.parametrize("name", degradations.names())
SHAPES = {"block": (2, 16, 15, 14), "slice": (3, 24, 20, 1)}
every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def phantom(shape=(2, 16, 15, 14), dtype=np.float32):
    """A body of about .8 in air of 0, in voxels of 1, 1.5 and 2 mm, in two channels of different values."""
    texture = np.random.default_rng(0).uniform(0.7, 0.9, shape)
    return Volume((ball(shape[1:]) * texture).astype(dtype), np.diag([1.0, 1.5, 2.0, 1.0]), Origin("nifti"))


def drawn(name, seed=0):
    degradation = degradations.load(name)()
    return degradation, degradation.draw(np.random.default_rng(seed))


def test_the_family_has_its_members():
    assert {"gain", "gamma", "bias_field", "blur", "noise"} <= set(degradations.names())
    assert all(entry.summary for entry in degradations.entries())


@every_degradation
def test_the_name_in_a_recipe_is_the_name_of_the_file(name):
    degradation = degradations.load(name)()
    assert degradation.name == name
    assert type(degradation).from_dict(json.loads(json.dumps(degradation.to_dict()))) == degradation


@every_degradation
def test_what_is_drawn_can_be_written_to_json_and_depends_on_the_generator_alone(name):
    parameters = drawn(name)[1]
    assert parameters
    assert json.loads(json.dumps(parameters)) == parameters
    assert drawn(name)[1] == parameters
    assert drawn(name, 1)[1] != parameters


@every_degradation
@every_shape
def test_the_same_parameters_give_the_same_image(name, shape):
    degradation, parameters = drawn(name)
    once, again = (degradation.apply(phantom(shape), **json.loads(json.dumps(parameters))) for _ in range(2))
    assert np.array_equal(once.voxels, again.voxels)
    assert not np.array_equal(once.voxels, phantom(shape).voxels)


@every_degradation
@every_shape
def test_the_input_is_untouched_and_the_grid_is_kept(name, shape):
    degradation, parameters = drawn(name)
    before = phantom(shape)
    after = degradation.apply(before, **parameters)
    assert np.array_equal(before.voxels, phantom(shape).voxels)
    assert after.shares_grid_with(before)
    assert after.voxels.shape == before.voxels.shape
    assert after.origin is before.origin
    assert after.voxels.dtype == np.float32
    assert np.isfinite(after.voxels).all()


@every_degradation
def test_an_image_of_integers_is_degraded_as_one_of_floats(name):
    degradation, parameters = drawn(name)
    whole = phantom(dtype=np.int16).like((ball(SHAPES["block"][1:])[None] * np.ones((2, 1, 1, 1))).astype(np.int16))
    floats = degradation.apply(whole.like(whole.voxels.astype(np.float32)), **parameters)
    assert degradation.apply(whole, **parameters).voxels == pytest.approx(floats.voxels)


@every_degradation
def test_the_global_generator_is_left_alone(name):
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    degradation, parameters = drawn(name)
    degradation.apply(phantom(), **parameters)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@every_degradation
def test_air_stays_air_but_for_noise(name):
    if name == "noise":
        pytest.skip("noise is added in air too")
    degradation, parameters = drawn(name)
    image = np.zeros((1, 24, 24, 1), np.float32)
    image[:, 10:14, 10:14] = 0.9
    after = degradation.apply(Volume(image, np.diag([2.0, 2.0, 1.0, 1.0])), **parameters).voxels
    assert after[:, :4] == pytest.approx(0, abs=1e-6)
    assert not np.allclose(after[:, 8:16, 8:16], image[:, 8:16, 8:16], atol=1e-4)
