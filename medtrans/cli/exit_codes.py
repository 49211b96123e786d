"""Exit codes: every error of a command becomes one line on standard error and a code."""

from __future__ import annotations

import io
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from medtrans.cli.interruption import advice_after_interruption
from medtrans.cli.log import LOGGER, show_on_terminal
from medtrans.core.errors import EnvironmentRefused, MedtransError, UsageError
from medtrans.core.mistakes import SeveralMistakes
from medtrans.core.strict_json import to_strict_json
from medtrans.reading.memory import is_out_of_memory, out_of_memory

INTERNAL_ERROR = 70
"""sysexits.h: EX_SOFTWARE."""


class Interrupted(BaseException):
    """SIGINT or SIGTERM. Not a KeyboardInterrupt, which typer ends without a message."""


def install_handlers() -> None:
    """Warnings become lines on standard error, SIGINT and SIGTERM become errors for `report_error`.

    A character that the terminal lacks becomes a question mark.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    show_on_terminal()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    warnings.showwarning = _show_warning  # type: ignore[assignment]


def run_script(main: Callable[[], None]) -> None:
    """Run the main function of a script of a pipeline: what a command would report, it reports likewise."""
    install_handlers()
    try:
        main()
    except (MedtransError, OSError, Interrupted) as reason:
        sys.exit(report_error(reason))


def report_error(reason: BaseException, arguments: Sequence[str] = (), *, debug: bool = False) -> int:
    """Print one line about `reason`, and return the exit code. `arguments` are those of the command.

    With `debug` the traceback comes first; with --json the error is printed on standard output as JSON, too.
    """
    if isinstance(reason, SystemExit):
        return reason.code if isinstance(reason.code, int) else 0
    if debug:
        traceback.print_exception(reason)
    code, sentence = _sentence(reason, arguments)
    for line in map(str, reason.mistakes) if isinstance(reason, SeveralMistakes) else [sentence]:
        LOGGER.error(line)
    if "--json" in arguments:
        facts = {"exit_code": code, "message": sentence, "code": getattr(reason, "code", "") or type(reason).__name__}
        parts = _parts(reason) if isinstance(reason, MedtransError) else {}
        if isinstance(reason, SeveralMistakes):
            parts["mistakes"] = [_parts(mistake) for mistake in reason.mistakes]
        print(to_strict_json({"error": {**facts, **parts}}), end="")
    return code


def _parts(reason: MedtransError) -> dict[str, Any]:
    return {name: getattr(reason, name) for name in ("where", "what", "advice")}


def _interrupt(number: int, _: Any) -> None:
    raise Interrupted(number)


def _sentence(reason: BaseException, arguments: Sequence[str]) -> tuple[int, str]:
    if is_out_of_memory(reason):
        verb = next((word for word in arguments if not word.startswith("-")), "")
        reason = out_of_memory(
            f"medtrans {verb}".rstrip(), "close other programs, or use a machine or device with more"
        )
    if isinstance(reason, MedtransError):
        return reason.exit_code, " ".join(str(reason).split())
    if isinstance(reason, Interrupted):
        return 128 + int(reason.args[0]), f"interrupted; {advice_after_interruption(arguments)}"
    if isinstance(reason, OSError):
        where, what = reason.filename or "the system", reason.strerror or reason
        return EnvironmentRefused.exit_code, f"{where}: {what}; fix that and run the command again"
    if hasattr(reason, "format_message") and hasattr(reason, "exit_code"):
        verb = getattr(getattr(reason, "ctx", None), "command_path", "medtrans")
        return UsageError.exit_code, f"{' '.join(reason.format_message().split()).rstrip('.')}; see {verb} --help"
    what = f"this is a fault of medtrans, not yours: {type(reason).__name__}: {reason}"
    return INTERNAL_ERROR, f"{what}; run again with --debug and report it"


def _show_warning(message: Warning | str, *_: Any) -> None:
    LOGGER.warning("%s", message)
