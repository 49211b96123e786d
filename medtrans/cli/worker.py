"""A further process of a batch, started by the first one: what is set in it before the models are loaded."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import Connection

from medtrans.batching.executors._serve import serve
from medtrans.cli.exit_codes import Interrupted, install_handlers, report_error
from medtrans.cli.libraries import quiet_libraries
from medtrans.cli.process import prepare_process


def work(connection: Connection) -> None:
    """Translate what comes by the connection. Ctrl-C, which a terminal sends to all, is left to the first process."""
    install_handlers()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepare_process()
    quiet_libraries()
    threading.Thread(target=_end_with_the_first, daemon=True).start()
    os._exit(_code_of(connection))  # Libraries that end with threads at work may abort.


def _code_of(connection: Connection) -> int:
    try:
        importlib.import_module("medtrans.batching.translate_case")  # While the first process does the same.
        serve(connection)
    except Interrupted as reason:
        return 128 + int(reason.args[0])
    except BaseException as reason:
        return report_error(reason, ["translate"])
    return 0


def _end_with_the_first() -> None:
    """Half-written files are removed, as after SIGTERM."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
        os.kill(os.getpid(), signal.SIGTERM)
