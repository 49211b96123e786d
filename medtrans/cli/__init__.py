"""The verbs in the shell. Heavy imports stay inside the functions: `medtrans --help` must not wait for torch."""

from __future__ import annotations

import sys
import warnings

import typer

from medtrans.cli import making, telling
from medtrans.cli.app import app
from medtrans.cli.exit_codes import answer, install_handlers

__all__ = ["main", "making", "telling"]


def main() -> None:
    """Run a command; every error becomes one sentence on standard error and an exit code."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"]
    install_handlers()
    if not debug:
        warnings.filterwarnings("ignore", module=r"(?!medtrans)")
    try:
        code = app(arguments or ["--help"], prog_name="medtrans", standalone_mode=False)
    except BaseException as reason:
        if debug and not isinstance(reason, (SystemExit, typer.Exit)):
            raise
        code = answer(reason)
    sys.exit(code if isinstance(code, int) else 0)
