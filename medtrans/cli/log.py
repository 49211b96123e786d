"""Log of a command: records of the logger "medtrans", as lines on standard error and, with --log, in a file.

--log FILE    one line for each case, finding and error, with the time; appended, so that a night follows a night
"""

from __future__ import annotations

import contextlib
import logging
import re
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from logging.handlers import WatchedFileHandler
from pathlib import Path

from medtrans import __version__
from medtrans.core.errors import EnvironmentRefused, UsageError
from medtrans.core.log import NOTE
from medtrans.core.printable import printable
from medtrans.reading.storage import opened

OPTION = "--log"
LOGGER = logging.getLogger("medtrans")
BEGINS = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
"""Time at the begin of a log: another file is never appended to."""
FORMAT, TIME = "%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"


class TerminalHandler(logging.Handler):
    """Errors, warnings and notes as lines on standard error."""

    def __init__(self) -> None:
        super().__init__(NOTE)

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        print(f"medtrans: {record.levelname.lower()}: {_line(record.getMessage())}", file=sys.stderr, flush=True)


class LogFile(WatchedFileHandler):
    """A file to which records are appended; it may be moved away by a rotation of logs."""

    def emit(self, record: logging.LogRecord) -> None:
        """Append one line."""
        record.msg, record.args = _line(record.getMessage()), ()
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """A log that can no longer be written is said once, and stops no case."""
        LOGGER.removeHandler(self)
        reason = sys.exc_info()[1]
        LOGGER.warning("%s: the log is no longer written (%s)", self.baseFilename, reason)


def show_on_terminal() -> None:
    """Print the records of this process from now on."""
    LOGGER.setLevel(logging.INFO)
    if not any(isinstance(handler, TerminalHandler) for handler in LOGGER.handlers):
        LOGGER.addHandler(TerminalHandler())


def without_log_option(words: Sequence[str]) -> tuple[list[str], Path | None]:
    """The words without --log FILE, and the file. Raises UsageError where its name is missing."""
    rest, file = list[str](), None
    given = iter(words)
    for word in given:
        option, equals, name = word.partition("=")
        if option != OPTION:
            rest.append(word)
            continue
        name = name if equals else next(given, "")
        if not name or name.startswith("-"):
            raise UsageError(OPTION, "has no file", f"write {OPTION} FILE")
        file = Path(name)
    return rest, file


@contextlib.contextmanager
def logged_to(file: Path | None, words: Sequence[str]) -> Iterator[None]:
    """Append the records of this command to `file`, begun by its words. Raises UsageError, EnvironmentRefused."""
    if file is None:
        yield
        return
    _refuse_other_file(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = LogFile(file, encoding="utf-8", errors="backslashreplace")
    except OSError as reason:
        what = f"the log cannot be written ({reason.strerror or reason})"
        raise EnvironmentRefused(file, what, f"give another file to {OPTION}") from reason
    handler.setFormatter(logging.Formatter(FORMAT, TIME))
    LOGGER.addHandler(handler)
    began = time.monotonic()
    try:
        LOGGER.info("begin: medtrans %s: %s", __version__, shlex.join(["medtrans", *words]))
        yield
    finally:
        LOGGER.info("end: after %.1f s", time.monotonic() - began)
        LOGGER.removeHandler(handler)
        handler.close()


def _refuse_other_file(file: Path) -> None:
    if not file.exists():
        return
    if not file.is_file():
        raise UsageError(file, "is no file, to which a log could be appended", f"give another file to {OPTION}")
    with opened(file) as existing:
        begin = existing.read(32)
    if begin and not BEGINS.match(begin):
        what = "exists and is not a log of medtrans, so nothing is appended to it"
        raise UsageError(file, what, f"give another file to {OPTION}")


def _line(text: str) -> str:
    return printable(" ".join(text.split()))
