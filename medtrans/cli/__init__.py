"""Command line: one file per command. Heavy imports are inside the commands, so `medtrans --help` needs no torch."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from medtrans.cli.app import app
from medtrans.cli.exit_codes import install_handlers, report_error
from medtrans.cli.libraries import quiet_libraries
from medtrans.cli.log import logged_to, show_on_terminal, without_log_option
from medtrans.cli.options import refuse_old_options
from medtrans.cli.process import prepare_process

COMMANDS = (
    "demo",
    "init",
    "run",
    "train",
    "translate",
    "evaluate",
    "audit",
    "compare",
    "distances",
    "sample",
    "export",
    "serve",
    "align",
    "degrade",
    "check",
    "phantoms",
    "list",
    "schema",
    "doctor",
    "benchmark",
)
"""In the order of `medtrans --help`."""
SUBCOMMANDS = ("audit_calibrate", "audit_insert", "audit_maps")
"""Further files of a command with several."""
for _command in (*COMMANDS, *SUBCOMMANDS):
    importlib.import_module(f"medtrans.cli.{_command}")


def main() -> None:
    """Run the command of this process and exit with its code."""
    install_handlers()
    prepare_process()
    if "--debug" not in sys.argv:
        quiet_libraries()
    sys.exit(run_command(sys.argv[1:]))


def run_command(words: Sequence[str]) -> int:
    """Run a command; every error becomes one line on standard error. Returns the exit code."""
    show_on_terminal()
    arguments, debug = [word for word in words if word != "--debug"], "--debug" in words
    try:
        arguments, log = without_log_option(arguments)
        with logged_to(log, arguments):
            return _run_logged(arguments, debug=debug)
    except BaseException as reason:
        return report_error(reason, arguments, debug=debug)


def _run_logged(arguments: Sequence[str], *, debug: bool) -> int:
    try:
        refuse_old_options(arguments)
        code = app(arguments or ["--help"], prog_name="medtrans", standalone_mode=False, obj=arguments)
    except BaseException as reason:
        code = report_error(reason, arguments, debug=debug)
    return code if isinstance(code, int) else 0
