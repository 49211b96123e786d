"""What holds for every spatial transform, found through the registry."""

import json

import numpy as np
import pytest

from medtrans.preparing import transforms

every_transform = pytest.mark.parametrize("name", transforms.names())
SIZES = {2: (8, 9), 3: (6, 7, 8)}


def test_the_family_has_its_members():
    assert {"flip", "rotation", "scaling", "translation", "elastic"} <= set(transforms.names())


@every_transform
def test_the_name_in_a_recipe_is_the_name_of_the_file(name):
    transform = transforms.load(name)()
    assert transform.name == name
    assert type(transform).from_dict(json.loads(json.dumps(transform.to_dict()))) == transform


@every_transform
@pytest.mark.parametrize("dims", SIZES)
def test_draws_are_plain_numbers_and_give_the_same_coordinates_for_ever(name, dims):
    transform = transforms.load(name)()
    drawn, again = (transform.draw(np.random.default_rng(4), dims) for _ in range(2))
    assert json.loads(json.dumps(drawn)) == drawn == again
    assert any(transform.draw(np.random.default_rng(seed), dims) != drawn for seed in range(9))
    once, twice = (transform.displacement(SIZES[dims], **drawn) for _ in range(2))
    assert np.array_equal(once, twice)
    assert np.broadcast_shapes(once.shape, (dims, *SIZES[dims])) == (dims, *SIZES[dims])
    assert transform.matrix(dims, **drawn).shape == (dims, dims)
