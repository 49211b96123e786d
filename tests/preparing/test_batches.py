import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch
from medtrans.degradations.bias_field import BiasField
from medtrans.degradations.noise import Noise
from medtrans.preparing.batches import loader
from tests.preparing.toy_dataset import TRANSFORMS, dataset


def same(one, other):
    return all(
        torch.equal(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True) if a is not None
    )


@pytest.mark.parametrize("workers", [0, 1])
def test_the_global_generators_are_left_alone(workers):
    def states():
        return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002

    before = states()
    list(loader(dataset(augmentation=TRANSFORMS), batch=2, first_step=0, last_step=2, workers=workers))
    assert states() == before


def test_training_resumes_anywhere():
    items = dataset(augmentation=TRANSFORMS)
    whole = list(loader(items, batch=2, first_step=0, last_step=5))
    resumed = list(loader(items, batch=2, first_step=3, last_step=5))
    assert len(whole) == 5
    assert all(same(a, b) for a, b in zip(whole[3:], resumed, strict=True))


def test_processes_share_each_batch_and_leave_nothing_out():
    items = dataset()
    whole = next(loader(items, batch=6, first_step=4, last_step=5))
    for rank in range(3):
        part = next(loader(items, batch=6, first_step=4, last_step=5, rank=rank, world=3))
        assert torch.equal(part.source, whole.source[rank::3])
        assert torch.equal(part.mask, whole.mask[rank::3])


def test_workers_make_the_same_batches():
    items = dataset(augmentation=(*TRANSFORMS, Noise(deviation=(0, 0.05)), BiasField(strength=0.1)))
    alone = list(loader(items, batch=2, first_step=1, last_step=5, rank=1, world=2))
    helped = list(loader(items, batch=2, first_step=1, last_step=5, rank=1, world=2, workers=2))
    assert len(helped) == 4
    assert all(same(a, b) for a, b in zip(alone, helped, strict=True))


def test_a_batch_that_cannot_be_shared_is_answered():
    with pytest.raises(UsageError, match="multiple of 2"):
        loader(dataset(), batch=3, first_step=0, last_step=1, world=2)


def test_each_item_has_the_conditions_of_its_case():
    plain = dataset()
    conditioned = replace(plain, conditions=[(1.0, 10.0), (2.0, 20.0)])
    batch = next(iter(loader(conditioned, batch=16, first_step=0, last_step=1)))
    assert batch.condition.shape == (16, 2)
    assert torch.equal(batch.condition[:, 1], 10 * batch.condition[:, 0])
    assert set(batch.condition[:, 0].tolist()) == {1.0, 2.0}
    assert next(iter(loader(plain, batch=2, first_step=0, last_step=1))).condition is None


def test_what_is_drawn_for_an_item_depends_on_the_item_alone():
    items = dataset()
    whole = next(iter(loader(items, batch=4, first_step=3, last_step=4)))
    parts = [next(iter(loader(items, batch=4, first_step=3, last_step=4, rank=rank, world=2))) for rank in (0, 1)]
    for draw in (Batch.normal, Batch.uniform):
        mine = draw(whole, 2, 3, key=5)
        assert mine.shape == (4, 2, 3)
        assert torch.equal(mine[0::2], draw(parts[0], 2, 3, key=5))
        assert torch.equal(mine[1::2], draw(parts[1], 2, 3, key=5))
        assert not torch.equal(mine, draw(whole, 2, 3, key=6))
        assert len(mine.unique()) == mine.numel()
    assert whole.normal().shape == (4,)
