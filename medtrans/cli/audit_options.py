"""Options that the audits share, and what each of them prints at its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from medtrans.core.finding import Finding
from medtrans.core.log import log_findings

TranslatedModality = Annotated[
    str | None, typer.Option("--modality", help="Of the translations: CT, MR …; default: what their sidecar says.")
]
SegmenterLabels = Annotated[
    list[int] | None,
    typer.Option("--detector-label", min=1, metavar="N", help="A label of the detector that is a lesion."),
]


def output_option(files: str) -> Any:
    """The folder for `files`, JSON and a page."""
    return typer.Option("--output", "-o", help=f"A folder for {files}, JSON and a page.")


def model_option(words: str) -> Any:
    """One model or several."""
    return typer.Option("--model", "-m", metavar="NAME|FOLDER", help=words)


def samples_option(words: str = "") -> Any:
    """At least two samples, for which a spread is defined."""
    return typer.Option(min=2, help=f"Samples of a stochastic model{words}.")


def show_audit(
    facts: Mapping[str, Any],
    to_text: Callable[[], str],
    files: Mapping[str, Path],
    findings: Sequence[Finding],
    failed: Mapping[str, Finding],
    *,
    as_json: bool,
) -> None:
    """Print an audit as JSON, or as text with its `files`; log its findings. Raises typer.Exit where a case failed."""
    from medtrans.core.strict_json import to_plain

    if as_json:
        print(json.dumps(to_plain(facts), indent=1))
    else:
        print(to_text(), *(f"{name}: {path}" for name, path in files.items()), sep="\n")
    log_findings(findings)
    log_findings(failed.values())
    if failed:
        raise typer.Exit(1)
