"""Worker of the local page: a process that translates one volume, and prints what happens as lines of JSON.

    python -m medtrans.serving.worker '{"source": …, "folder": …, "models": […], "device": …}'

It ends as soon as its standard input is closed, so that it does not outlive the server.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from medtrans.core.errors import MedtransError
from medtrans.reading.memory import is_out_of_memory, out_of_memory
from medtrans.stages.translate_page import translate_with_page


def main() -> None:
    """Translate as the first argument says, and end."""
    # What libraries print must not stand between the lines of JSON.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    threading.Thread(target=_end_with_the_server, daemon=True).start()

    def say(**facts: Any) -> None:
        print(json.dumps(facts), file=lines, flush=True)

    def named(text: str) -> str:
        """Without the folders of the job."""
        for folder in (Path(job["source"]).parent, Path(job["folder"])):
            text = text.replace(f"{folder}{os.sep}", "")
        return " ".join(text.split())

    job = json.loads(sys.argv[1])
    try:
        outcome = translate_with_page(
            Path(job["source"]), Path(job["folder"]), job["models"], device=job["device"],
            anonymous=job["anonymous"],
            on_progress=lambda stage, text="", done=None, left=None: say(text=stage, done=done),
        )  # fmt: skip
        failed = named(outcome.message) if outcome.verdict == "failed" else ""
        findings = [{"severity": finding.severity, "text": named(finding.sentence)} for finding in outcome.findings]
        say(findings=findings, output=outcome.output.name if outcome.output else None, error=failed)
    except (MedtransError, OSError, MemoryError, RuntimeError) as reason:
        if is_out_of_memory(reason):
            reason = out_of_memory("this volume", "close other programs, or give a smaller volume")
        say(error=named(str(reason)))
    os._exit(0)  # All is written; to take the libraries down takes seconds on a busy machine.


def _end_with_the_server() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
