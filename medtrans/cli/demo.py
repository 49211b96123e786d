"""medtrans demo."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Threads


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--folder", "-o", help="Where to work.")] = Path("medtrans-demo"),
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Make synthetic heads, train MR→CT on them, translate and score new ones. Writes a report."""
    from medtrans.batching.outputs import Output, plan_outputs
    from medtrans.cli.progress import ProgressBars
    from medtrans.reading.storage import refuse_unwritable

    plan_outputs([Output(folder / "run" / "report.html", "page")], overwrite=True)
    refuse_unwritable(folder)
    from medtrans.stages.demo import demo  # Loads torch, which takes seconds.

    use_threads(threads)
    with ProgressBars() as progress:
        result = demo(folder, on_progress=progress)
    print(json.dumps(result.to_dict(), indent=1) if as_json else result.to_text())
