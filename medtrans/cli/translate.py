"""medtrans translate."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.findings import print_findings
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Conditions, Device, Threads, numbers, part_of

if TYPE_CHECKING:
    from medtrans.batching.outcome import Outcome


@app.command()
def translate(
    sources: Annotated[
        list[Path],
        typer.Option("--input", "-i", help="A volume, or a folder of volumes; again for each contrast of one case."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file for a file, a folder for a folder.")],
    models: Annotated[
        list[Path], typer.Option("--model", "-m", help="A model folder; again for the mean of several models.")
    ],
    device: Device = "auto",
    threads: Threads = None,
    overwrite: Annotated[bool, typer.Option(help="Replace existing outputs.")] = False,
    resume: Annotated[bool, typer.Option(help="Skip cases that the ledger lists as done.")] = False,
    num_parts: Annotated[int | None, typer.Option(min=1, help="Share the folder among so many commands …")] = None,
    part_id: Annotated[int | None, typer.Option(min=0, help="… of which this is the one (from 0).")] = None,
    conditions: Conditions = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Samples of a stochastic model: their mean and standard deviation.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the samples.")] = None,
    as_json: AsJson = False,
) -> None:
    """Translate volumes. The output has exactly the geometry of the input."""
    from medtrans.cli.progress import ProgressBars
    from medtrans.stages.translate import translate

    use_threads(threads)
    changes = {key: value for key, value in (("samples", samples), ("seed", seed)) if value is not None}
    with ProgressBars() as progress:
        outcomes = translate(
            sources[0] if len(sources) == 1 else [sources],
            output,
            models,
            device=device,
            overwrite=overwrite,
            resume=resume,
            part=part_of(part_id, num_parts),
            conditions=numbers(conditions),
            changes=changes,
            on_progress=progress,
        )
    if as_json:
        print(json.dumps([outcome.to_dict() for outcome in outcomes], indent=1))
    else:
        print(_summary(outcomes, output))
    _report_failures(outcomes, is_batch=sources[0].is_dir())


def _summary(outcomes: Sequence[Outcome], output: Path) -> str:
    count = {verdict: sum(outcome.verdict == verdict for outcome in outcomes) for verdict in ("done", "failed")}
    skipped = len(outcomes) - sum(count.values())
    return f"{count['done']} translated, {skipped} done before, {count['failed']} failed: {output}"


def _report_failures(outcomes: Sequence[Outcome], *, is_batch: bool) -> None:
    """Findings and errors on standard error, and the exit code."""
    failed = [outcome for outcome in outcomes if outcome.verdict == "failed"]
    for outcome in outcomes:
        print_findings(outcome.findings)
    for outcome in failed:
        print(f"medtrans: error: {outcome.message}", file=sys.stderr)
    if failed:
        raise typer.Exit(1 if is_batch else failed[0].exit_code)
