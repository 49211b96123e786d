"""SLURM executor: a script for sbatch, whose array of tasks shares a folder. It is printed; nothing is submitted.

Each task takes every n-th case and appends to a ledger of its own; all of them are read together (batching/ledger).
"""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

TASKS = 8
"""Of an array, unless another number is asked for; at most one for each case."""
PROCESSORS = 2
"""Of a task, likewise."""
MEMORY_MARGIN = 1.25
GIB = 2**30


def array_script(
    words: Sequence[str], cases: int, process_bytes: float, *, tasks: int | None = None, processors: int | None = None
) -> str:
    """The script that translates a folder as the command of these words does, from the working folder of now."""
    count, each = min(tasks or TASKS, max(cases, 1)), processors or PROCESSORS
    memory = math.ceil(MEMORY_MARGIN * each * process_bytes / GIB)
    again = [] if "--resume" in words or "--overwrite" in words else ["--resume"]
    command = shlex.join([sys.executable, "-m", "medtrans", *words, *again])
    return f"""#!/bin/sh
#SBATCH --job-name=medtrans
#SBATCH --array=0-{count - 1}
#SBATCH --cpus-per-task={each}
#SBATCH --mem={memory}G
#SBATCH --output=medtrans-%A_%a.log
# {cases} volumes by {count} tasks. Add --partition and --time as your cluster asks for; medtrans translate --dry-run
# foretells the minutes of each case. Tasks that did not end are submitted again: sbatch --array=3,7 THIS_FILE
cd {shlex.quote(str(Path.cwd()))} || exit 5
exec {command}
"""
