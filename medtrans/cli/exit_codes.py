"""How a command ends: one sentence on standard error and an exit code, whatever went wrong."""

from __future__ import annotations

import io
import logging
import signal
import sys
import warnings
from typing import Any

from medtrans.core.errors import MedtransError


def install_handlers() -> None:
    """Warnings become sentences; SIGINT and SIGTERM become errors that `answer` knows.

    A character that the terminal lacks becomes a question mark; what libraries say of their caches is not said.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    warnings.showwarning = _show_warning  # type: ignore[assignment]


class Interrupted(BaseException):
    """SIGINT or SIGTERM. Of our own, for the shell library answers a KeyboardInterrupt by itself, in silence."""


def _interrupt(number: int, _: Any) -> None:
    raise Interrupted(number)


def answer(reason: BaseException) -> int:
    """Say one sentence about `reason`, and return the exit code."""
    if isinstance(reason, SystemExit):
        return reason.code if isinstance(reason.code, int) else 0
    code, sentence = _sentence(reason)
    print(f"medtrans: error: {sentence}", file=sys.stderr)
    return code


def _sentence(reason: BaseException) -> tuple[int, str]:
    if isinstance(reason, MedtransError):
        return reason.exit_code, " ".join(str(reason).split())
    if isinstance(reason, Interrupted):
        return 128 + int(reason.args[0]), "interrupted; the same command goes on from here"
    if isinstance(reason, MemoryError) or "not enough memory" in str(reason) or "out of memory" in str(reason):
        return 5, "out of memory; use smaller patches, or another device"
    if isinstance(reason, OSError):
        return 5, f"{reason.filename or 'the system'}: {reason.strerror or reason}; mend it and run the command again"
    if hasattr(reason, "format_message") and hasattr(reason, "exit_code"):
        verb = getattr(getattr(reason, "ctx", None), "command_path", "medtrans")
        return 2, f"{' '.join(reason.format_message().split()).rstrip('.')}; see {verb} --help"
    return 70, f"this is a fault of medtrans, not yours: {type(reason).__name__}: {reason}; run again with --debug"


def _show_warning(message: Warning | str, *_: Any) -> None:
    print(f"medtrans: warning: {' '.join(str(message).split())}", file=sys.stderr)
