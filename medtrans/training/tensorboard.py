"""The journal for TensorBoard: the same numbers as events, written whole each time.

    step, player/term → record(length, crc, Event(step, tag, value), crc)

A file that is replaced by a longer one which begins with the same bytes is read on from where it was left.
https://www.tensorflow.org/tensorboard
"""

from __future__ import annotations

import importlib.util
import io
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from medtrans.core.errors import EnvironmentRefused
from medtrans.reading.storage import write_atomically
from medtrans.training.journal import Row

NOT_DRAWN = ("step", "seconds")


def refuse_without_tensorboard() -> None:
    """Before long work. Raises EnvironmentRefused."""
    if importlib.util.find_spec("tensorboard") is None:
        advice = "pip install 'medtrans[tensorboard]', or leave it false: journal.csv is always written"
        raise EnvironmentRefused("training.tensorboard", "the package tensorboard is not installed", advice)


def write_events(folder: Path, rows: Sequence[Row]) -> None:
    """`rows` of a journal as the one event file of `folder`, whose name keeps when the training began."""
    from tensorboard.summary.writer.record_writer import RecordWriter

    there = sorted(folder.glob("events.out.tfevents.*"))
    name = there[0].name if there else f"events.out.tfevents.{int(time.time())}.medtrans"
    data = io.BytesIO()
    writer = RecordWriter(data)
    for event in _events(rows, began=int(name.split(".")[3])):
        writer.write(event.SerializeToString())
    write_atomically(folder / name, data.getvalue())


def _events(rows: Sequence[Row], began: int) -> Iterator[Any]:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    yield Event(wall_time=began, file_version="brain.Event:2")
    seconds = 0.0
    for row in rows:
        seconds = row.get("seconds", seconds)
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in row.items() if tag not in NOT_DRAWN]
        yield Event(wall_time=began + seconds, step=int(row["step"]), summary=Summary(value=values))
