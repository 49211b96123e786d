"""Errors that say what happened, where, and what to do next.

One family, so that the command line can turn each into one sentence and one exit code:

    medtrans: error: <where>: <what>; <what to do>
"""

from __future__ import annotations

from pathlib import Path

from medtrans.core.printable import printable


class MedtransError(Exception):
    """Any error that a user can cause and fix. `exit_code` is the status of the command.

    `code` names the kind of error for the Finding that it becomes where the other cases go on.
    """

    exit_code = 1

    def __init__(self, where: str | Path, what: str, advice: str = "", code: str = "") -> None:
        self.where, self.what, self.advice, self.code = str(where), what, advice, code
        super().__init__(f"{printable(self.where)}: {what}" + (f"; {advice}" if advice else ""))

    def __reduce__(self) -> tuple[type[MedtransError], tuple[str, str, str, str]]:
        return type(self), (self.where, self.what, self.advice, self.code)


class UsageError(MedtransError):
    """Wrong use of the command line, a recipe or a table."""

    exit_code = 2


class InputRefused(MedtransError):
    """A file or volume that must not be translated as it is."""

    exit_code = 3


class GridMismatch(InputRefused):
    """Two volumes that should lie on one grid do not."""


class EmptyMask(InputRefused):
    """A mask without a single voxel where one was needed."""


class ModelRefused(MedtransError):
    """A model folder that is damaged, foreign, or made for another task."""

    exit_code = 4


class EnvironmentRefused(MedtransError):
    """Disk, memory, device, permission or a missing optional package."""

    exit_code = 5
