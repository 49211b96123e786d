"""Sums over all processes of a training, so that a ratio of sums is that of the whole batch.

    total(s) = Σ_r s_r          r: each process, with its part of the batch

A loss that is a ratio of sums, over the voxels of a mask for example, is not the mean of the ratios of the processes:
the part with fewer voxels would get more weight. Made of totals, it has the same value in every process, and the
averaged gradients are those of one process with the whole batch.
"""

from __future__ import annotations

from torch import Tensor, distributed


def total(part: Tensor) -> Tensor:
    """The sum of every process's `part`, in each of them and with its gradient; `part` itself in a single process."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return part
    from torch.distributed.nn.functional import all_reduce

    return all_reduce(part)
