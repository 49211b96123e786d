"""Server of the local page: uvicorn on 127.0.0.1 alone. The extra `serve`."""

from __future__ import annotations

import importlib
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from medtrans.core.errors import EnvironmentRefused
from medtrans.core.optional_packages import refuse_missing
from medtrans.reading.storage import refuse_unwritable

HOST = "127.0.0.1"
PACKAGES = ("fastapi", "uvicorn")
"""Of the extra `serve`; what needs them, or torch, is imported after they were found."""
GRACE = 3
"""Seconds that open requests have to end after an interruption."""


def serve(
    models: Sequence[str | Path],
    *,
    port: int,
    limit: int,
    device: str = "auto",
    keep: Path | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Answer until the process is interrupted. `on_ready` gets the address, with its token.

    `models` are offered beside the shipped ones; a `port` of 0 takes a free one; `limit` is in bytes; `keep` is the
    folder of results, which are removed otherwise. Raises ModelRefused, EnvironmentRefused.
    """
    refuse_missing("medtrans serve", PACKAGES, "serve")
    if keep is not None:
        refuse_unwritable(keep)
    uvicorn = importlib.import_module("uvicorn")
    application = importlib.import_module("medtrans.serving.app")
    jobs = importlib.import_module("medtrans.serving.jobs")
    offered = importlib.import_module("medtrans.serving.offered").offered(models)
    try:
        bound = uvicorn.Config(None, host=HOST, port=port, log_config=None).bind_socket()
    except SystemExit:
        raise EnvironmentRefused(f"port {port}", "cannot be listened at", "give another --port, or 0") from None
    port, token = bound.getsockname()[1], secrets.token_urlsafe(32)
    app = application.make_app(offered, jobs.Jobs(device, keep), token=token, port=port, limit=limit)
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=GRACE, ws="none")
    bound.listen()  # The system keeps what comes before the server answers.
    on_ready(f"http://{HOST}:{port}/{token}/")
    uvicorn.Server(config).run(sockets=[bound])
