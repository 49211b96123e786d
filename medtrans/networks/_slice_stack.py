"""Stacks of adjacent slices: the channels of a 2.5D source, all slices of the first contrast first."""

from __future__ import annotations

from medtrans.core.errors import UsageError
from medtrans.core.method import Task


def middle_slices(task: Task) -> slice:
    """The channels of a source that are its middle slices, one for each channel of the target. Raises UsageError."""
    stack, left = divmod(task.source_channels, task.target_channels)
    if left or stack % 2 == 0:
        raise UsageError(
            "method",
            f"{task.source_channels} source channels have no middle slice for each of {task.target_channels} targets",
            "give as many contrasts as targets, and an odd preparing.slices",
        )
    return slice(stack // 2, None, stack)
