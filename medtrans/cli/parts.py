"""Parts of a batch: which cases of a folder this command translates. Given as options, or by a SLURM array.

A task of a SLURM array is one part; a single case is never shared out. A part of the array that is submitted again
(`--array=3,7`) is known by the ledgers of the first submission, and divides the folder as that did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from medtrans.cli.log import LOGGER
from medtrans.core.errors import UsageError
from medtrans.core.log import NOTE

EXPLICIT = "give --num-parts and --part-id"
SLURM = "SLURM_ARRAY_TASK_"


@dataclass(frozen=True)
class Part:
    """`number` (from 0) of `count`; `tasks` are the first and the last task of a SLURM array, "0-7"."""

    number: int = 0
    count: int = 1
    tasks: str = ""

    def say(self) -> None:
        """Which part this is, on standard error."""
        if self.count > 1:
            array = f" (SLURM array {self.tasks})" if self.tasks else ""
            LOGGER.log(NOTE, f"part {self.number} of {self.count}, counted from 0{array}")


def part_of(
    part_id: int | None, num_parts: int | None, *, is_folder: bool, output: Path, environment: Mapping[str, str]
) -> Part:
    """As given, else the task of a SLURM array, else the whole. Raises UsageError."""
    if (part_id is None) != (num_parts is None):
        alone, other = ("--part-id", "--num-parts") if num_parts is None else ("--num-parts", "--part-id")
        raise UsageError(alone, f"is given without {other}", "give both, or neither")
    if part_id is not None and num_parts is not None:
        if part_id >= num_parts:
            what = f"{part_id} is not among the {num_parts} parts 0 … {num_parts - 1}"
            raise UsageError("--part-id", what, "count from 0")
        if num_parts > 1 and not is_folder:
            raise UsageError("--num-parts", "one case is not shared out among commands", "leave it out")
        return Part(part_id, num_parts)
    return _slurm_part(output, environment) if is_folder and f"{SLURM}ID" in environment else Part()


def _slurm_part(output: Path, environment: Mapping[str, str]) -> Part:
    number, low, high, count, step = _array(environment)
    logged = _logged_tasks(output)
    if logged:
        first, last, each = logged
        if not first <= number <= last or (number - first) % each:
            what = f"task {number} is not one of those that shared out {output} before ({first}-{last})"
            raise UsageError("SLURM array", what, f"submit --array={first}-{last} again, or {EXPLICIT}")
        return Part((number - first) // each, (last - first) // each + 1, _name(*logged))
    if count * step != high - low + step:
        what = f"has {count} tasks from {low} to {high}, so how the folder was first divided is not known"
        raise UsageError("SLURM array", what, EXPLICIT)
    return Part((number - low) // step, count, _name(low, high, step))


def _array(environment: Mapping[str, str]) -> tuple[int, int, int, int, int]:
    """Number of this task; lowest, highest, count and step of the array."""
    try:
        number = int(environment[f"{SLURM}ID"])
        low = int(environment.get(f"{SLURM}MIN", "0"))
        count = int(environment.get(f"{SLURM}COUNT", "1"))
        step = int(environment.get(f"{SLURM}STEP", "1"))
        return number, low, int(environment.get(f"{SLURM}MAX", low + (count - 1) * step)), count, step
    except ValueError as reason:
        raise UsageError("SLURM array", f"its variables are not numbers ({reason})", EXPLICIT) from None


def _logged_tasks(output: Path) -> tuple[int, int, int] | None:
    """First task, last task and step of the array that wrote the ledgers in `output`; None where there was none."""
    from medtrans.batching.ledger import Ledger

    names = {line.part for line in Ledger(output).lines.values() if line.part}
    if not names:
        return None
    if len(names) > 1:
        what = f"was shared out in several ways ({', '.join(sorted(names))})"
        raise UsageError(output, what, EXPLICIT)
    span, _, step = names.pop().partition(":")
    first, _, last = span.partition("-")
    return int(first), int(last), int(step or 1)


def _name(first: int, last: int, step: int) -> str:
    """As sbatch takes it."""
    return f"{first}-{last}" + (f":{step}" if step > 1 else "")
