"""Batches of training items. Batch s holds the items sB … sB + B - 1: there is no state but the number of the step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader

from medtrans.core.errors import UsageError
from medtrans.core.method import Batch
from medtrans.preparing.null_space import NullSpace
from medtrans.preparing.patch_dataset import Item, PatchDataset


def loader(
    dataset: PatchDataset,
    *,
    batch: int,
    first_step: int,
    last_step: int,
    rank: int = 0,
    world: int = 1,
    workers: int = 0,
) -> Iterator[Batch]:
    """The batches of steps first_step … last_step - 1; of each, the items n with n % world == rank.

    `workers` processes prepare them in advance; the batches are the same. Raises UsageError.
    """
    if batch % world:
        what = f"{batch} items cannot be divided evenly among {world} processes"
        raise UsageError("training.batch", what, f"set a multiple of {world}")
    steps = (list(range(step * batch + rank, (step + 1) * batch, world)) for step in range(first_step, last_step))
    if not workers:
        return (_batch(dataset[number] for number in items) for items in steps)
    # Its own generator: otherwise the loader would take a number from the global one.
    own = torch.Generator()
    return iter(DataLoader(dataset, batch_sampler=steps, num_workers=workers, collate_fn=_batch, generator=own))


def _batch(items: Iterable[Item]) -> Batch:
    *arrays, projections = zip(*items, strict=True)
    source, target, mask, conditions, seeds = (torch.from_numpy(np.stack(column)) for column in arrays)
    null_space = None if None in projections else NullSpace(projections)
    return Batch(source, target, mask, conditions if conditions.shape[1] else None, seeds, null_space)
