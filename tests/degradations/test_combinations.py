import json

import numpy as np
import pytest

from medtrans.core.errors import UsageError
from medtrans.core.modality import MODALITIES
from medtrans.degradations._combinations import draw_all, names_in
from medtrans.degradations._combinations.chain import Chain
from medtrans.degradations._combinations.one_of import OneOf
from medtrans.degradations._record import degrade_all
from medtrans.degradations.blur import Blur
from medtrans.degradations.gain import Gain
from medtrans.degradations.spike import Spike
from tests.degradations.images import relative


def names_drawn(step, count=2000):
    records = [draw_all([step], np.random.default_rng([0, number])) for number in range(count)]
    return [tuple(one["name"] for one in record) for record in records]


def test_one_of_several_is_drawn_with_its_probability_and_none_with_what_is_left():
    drawn = names_drawn(OneOf(choices=(Blur(), Gain()), probabilities=(0.5, 0.2)))
    assert drawn.count(("blur",)) / 2000 == pytest.approx(0.5, abs=0.04)
    assert drawn.count(("gain",)) / 2000 == pytest.approx(0.2, abs=0.04)
    assert drawn.count(()) / 2000 == pytest.approx(0.3, abs=0.04)


def test_choices_without_probabilities_are_equally_likely():
    drawn = names_drawn(OneOf(choices=(Blur(), Gain(), Spike())))
    for name in ("blur", "gain", "spike"):
        assert drawn.count((name,)) / 2000 == pytest.approx(1 / 3, abs=0.04)


def test_a_chain_is_applied_whole_or_not_at_all():
    drawn = names_drawn(Chain(steps=(Blur(), Gain()), probability=0.25))
    assert set(drawn) == {("blur", "gain"), ()}
    assert drawn.count(()) / 2000 == pytest.approx(0.75, abs=0.04)


def test_combinations_nest_and_what_was_drawn_gives_the_same_image_again():
    step = OneOf(choices=(Chain(steps=(Blur(), OneOf(choices=(Gain(), Spike())))), Gain()))
    assert names_in([step]) == ["blur", "gain", "spike", "gain"]
    record = draw_all([step], np.random.default_rng(1))
    once = degrade_all(relative(), record, MODALITIES["MR"])
    again = degrade_all(relative(), json.loads(json.dumps(record)), MODALITIES["MR"])
    assert np.array_equal(once.voxels, again.voxels)


def test_they_are_written_in_a_recipe_as_tables():
    table = {"choices": [{"name": "chain", "steps": [{"name": "gain"}, {"name": "blur", "millimetres": [1, 2]}]}]}
    step = OneOf.from_dict(table)
    assert step.choices[0].steps[1] == Blur(millimetres=(1, 2))
    assert OneOf.from_dict(json.loads(json.dumps(step.to_dict()))) == step
    with pytest.raises(UsageError, match="did you mean 'blur'"):
        OneOf.from_dict({"choices": [{"name": "blurr"}]})


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({}, "has no choices"),
        ({"choices": [{"name": "gain"}], "probabilities": [0.5, 0.5]}, "one for each"),
        ({"choices": [{"name": "gain"}, {"name": "blur"}], "probabilities": [0.9, 0.5]}, "at most 1 together"),
        ({"choices": [{"name": "gain"}], "probabilities": [2]}, "at most 1"),
        ({"choices": [{"name": "chain"}]}, "has no steps"),
    ],
)
def test_what_cannot_be_drawn_is_refused(table, sentence):
    with pytest.raises(UsageError, match=sentence):
        OneOf.from_dict(table)
