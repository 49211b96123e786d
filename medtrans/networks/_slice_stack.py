"""Stacks of neighbouring slices: how 2.5D sources reach a network, all slices of the first contrast first."""

from __future__ import annotations

from medtrans.core.errors import UsageError
from medtrans.core.method import Task


def middle_slices(task: Task) -> slice:
    """Which channels of a source are its middle slices, one for each channel of the target. Raises UsageError."""
    stack, left = divmod(task.source_channels, task.target_channels)
    if left or stack % 2 == 0:
        raise UsageError(
            "method",
            f"{task.source_channels} source channels hold no middle slice for each of {task.target_channels} targets",
            "give as many contrasts as targets, and an odd preparing.stack",
        )
    return slice(stack // 2, None, stack)
