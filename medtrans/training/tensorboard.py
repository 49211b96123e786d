"""TensorBoard events: the numbers of the journal, one event file, written whole each time.

https://www.tensorflow.org/tensorboard
"""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Sequence
from pathlib import Path

from medtrans.core.errors import EnvironmentRefused
from medtrans.reading.storage import read_bytes, write_atomically
from medtrans.training.journal import Row

NOT_SCALARS = ("step", "seconds")
MAX_EVENT_BYTES = 1 << 32


def refuse_without_tensorboard() -> None:
    """To be called before long work. Raises EnvironmentRefused."""
    if importlib.util.find_spec("tensorboard") is None:
        advice = "pip install 'medtrans[tensorboard]', or set it to false: journal.csv is always written"
        raise EnvironmentRefused("training.tensorboard", "the package tensorboard is not installed", advice)


def write_events(folder: Path, rows: Sequence[Row]) -> None:
    """`rows` of a journal as the one event file of `folder`, with the times of the steps.

    TensorBoard reads on where it was when a file is replaced by a longer one that begins with the same bytes.
    """
    from torch.utils.tensorboard import SummaryWriter

    existing = sorted(folder.glob("events.out.tfevents.*"))
    with tempfile.TemporaryDirectory() as place:
        writer = SummaryWriter(place)
        (written,) = Path(place).glob("events.out.tfevents.*")
        name = existing[0].name if existing else f"events.out.tfevents.{written.name.split('.')[3]}.medtrans"
        began = int(name.split(".")[3])
        seconds = 0.0
        for row in rows:
            seconds = row.get("seconds", seconds)
            for tag, value in row.items():
                if tag not in NOT_SCALARS:
                    writer.add_scalar(tag, value, int(row["step"]), walltime=began + seconds)
        writer.close()
        write_atomically(folder / name, read_bytes(written, MAX_EVENT_BYTES))
