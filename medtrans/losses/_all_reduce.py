"""Sums over all processes of a training, so that a mean over what counts is that of the whole batch.

    total(s) = Σ_r s_r          r: each process, with its share of the batch

A loss that is a ratio of sums, over the voxels of a mask say, is no mean of what the processes find by themselves: the
share with fewer voxels would weigh more. Made of totals, it is the same number in each process, and the gradients that
they average are those of one process with the whole batch.
"""

from __future__ import annotations

from torch import Tensor, distributed


def total(share: Tensor) -> Tensor:
    """The sum of every process's `share`, in each of them and with its gradient; `share` itself where there is one."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return share
    from torch.distributed.nn.functional import all_reduce

    return all_reduce(share)
