"""Progress of a command: one bar per stage on standard error, or plain lines where that is not a terminal."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from medtrans.core.printable import printable

SECONDS_BETWEEN_LINES = 20.0
"""Between two lines about one stage where standard error is not a terminal."""


class ProgressBars:
    """A ProgressCallback: fraction done from 0 to 1, left in seconds, either None when unknown."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self.terminal = console.is_terminal
        self.bars = Progress(
            TextColumn("{task.fields[stage]:<12}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[text]}", markup=False),
            console=console,
            disable=not self.terminal,
        )
        self.stages: dict[str, TaskID] = {}
        self.printed_at: dict[str, float] = {}
        self.line = ""

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    def __call__(self, stage: str, text: str = "", done: float | None = None, left: float | None = None) -> None:
        text = printable(text)
        text += f"  {_clock(left)} left, until {_time_of_day(left)}" if left is not None and done != 1.0 else ""
        if self.terminal:
            self._move_bar(stage, text, done)
        elif done == 1.0 or time.monotonic() - self.printed_at.get(stage, -SECONDS_BETWEEN_LINES) >= (
            SECONDS_BETWEEN_LINES
        ):
            self._print_line(stage, text, done)

    def _move_bar(self, stage: str, text: str, done: float | None) -> None:
        if stage not in self.stages:
            self.stages[stage] = self.bars.add_task("", total=1.0, stage=stage, text="")
        self.bars.update(self.stages[stage], completed=done or 0.0, text=text)

    def _print_line(self, stage: str, text: str, done: float | None) -> None:
        self.printed_at[stage] = time.monotonic()
        line = f"{stage}: " + ("" if done is None else f"{done:4.0%} ") + text
        if line != self.line:
            print(f"{_time_of_day()} {line}", file=sys.stderr, flush=True)
        self.line = line


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _time_of_day(seconds: float = 0.0) -> str:
    """The time on the clock of this machine in so many seconds; with the day, where that is another one."""
    now, then = datetime.now(), datetime.now() + timedelta(seconds=seconds)
    return then.strftime("%H:%M:%S" if not seconds else "%H:%M" if then.date() == now.date() else "%a %d %b %H:%M")
