"""Command line: one file per command. Heavy imports are inside the commands, so `medtrans --help` needs no torch."""

from __future__ import annotations

import importlib
import sys

from medtrans.cli.app import app
from medtrans.cli.exit_codes import install_handlers, report_error
from medtrans.cli.libraries import quiet_libraries
from medtrans.cli.options import refuse_old_options

COMMANDS = (
    "demo",
    "run",
    "train",
    "translate",
    "evaluate",
    "compare",
    "distances",
    "sample",
    "check",
    "phantoms",
    "list",
    "doctor",
    "benchmark",
)
"""In the order of `medtrans --help`."""
for _command in COMMANDS:
    importlib.import_module(f"medtrans.cli.{_command}")


def main() -> None:
    """Run a command; every error becomes one line on standard error and an exit code."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    install_handlers()
    if not debug:
        quiet_libraries()
    try:
        refuse_old_options(arguments)
        code = app(arguments or ["--help"], prog_name="medtrans", standalone_mode=False)
    except BaseException as reason:
        code = report_error(reason, arguments, debug=debug)
    sys.exit(code if isinstance(code, int) else 0)
