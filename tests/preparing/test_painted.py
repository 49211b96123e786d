from dataclasses import replace

import numpy as np
import pytest

from medtrans.preparing.on_the_fly import MadeVolume
from medtrans.preparing.painted import Painted
from tests.preparing.toy_dataset import dataset


class Numbers:
    """In place of a painter: source and target are shifted by one random number, and it remembers what was asked."""

    def __init__(self, data):
        self.data, self.asked = data, []

    def __call__(self, case, shape, rng):
        self.asked.append((case, shape))
        shift = np.float32(rng.uniform())
        sides = self.data.sources[case], self.data.targets[case]
        return tuple(MadeVolume(one.voxels + shift, one.mask, one.affine, one.background) for one in sides)


def painted(paintings_per_head=1, seed=3):
    toy = dataset(seed=seed, patch=(6, 6, 6), spatial_dims=3)
    paint = Numbers(toy.data)
    drawn = {"paintings_per_head": paintings_per_head, "items_per_draw": 2, "batch": 4}
    return replace(toy, data=Painted(toy.data.sources, toy.data.targets, paint, **drawn)), paint


def test_source_and_target_of_an_item_are_of_one_painting():
    items, _ = painted()
    plain = dataset(seed=3, patch=(6, 6, 6), spatial_dims=3)
    shifts = []
    for number in range(8):
        item = items[number]
        case, _ = items.data.draw_source(np.random.default_rng(0), 3, number)
        volumes = plain.data.sources[case], plain.data.targets[case]
        made = items.data._made(3, number)
        sides = zip((made.source, made.target), volumes, strict=True)
        source, target = (float((new.voxels - old.voxels).mean()) for new, old in sides)
        assert source == pytest.approx(target, abs=1e-4)
        assert items.data.target(case, 3, number) is made.target
        shifts.append(source)
        assert np.isfinite(item.source).all()
    assert len({round(shift, 3) for shift in shifts}) > 2


def test_an_item_depends_on_the_seed_and_its_number_alone():
    forwards, _ = painted(2)
    items = [forwards[number] for number in range(40)]
    fresh, _ = painted(2)
    for number in (39, 5, 22, 0):
        assert np.array_equal(fresh[number].source, items[number].source)
        assert np.array_equal(fresh[number].target, items[number].target)


def test_a_head_serves_as_many_paintings_as_are_set():
    items, paint = painted(3)
    for number in range(8 * 2 * 6):
        _ = items[number]
    counts = [paint.asked.count(head) for head in set(paint.asked)]
    assert max(counts) == 3
    assert len(set(paint.asked)) >= len(paint.asked) / 3
