"""medtrans audit: a group of commands, one for each thing that is audited."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.app import app
from medtrans.cli.audit_options import SegmenterLabels, TranslatedModality, output_option, show_audit
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Device, Overwrite, Threads

audits = typer.Typer(rich_markup_mode=None, help="Is what a translation shows true? Lesions removed or invented.")
app.add_typer(audits, name="audit")


@audits.callback()
def _audit() -> None:
    """Is what a translation shows true? Lesions removed or invented."""


@audits.command()
def lesions(
    source: Annotated[Path, typer.Option(help="The volume that was translated, or a folder of them.")],
    translated: Annotated[Path, typer.Option(help="Its translation, or a folder of the same names.")],
    detector: Annotated[
        Path,
        typer.Option(metavar="SEGMENTER|LABELS", help="A segmenter's model folder, or a folder of label maps."),
    ],
    output: Annotated[Path, output_option("tables")],
    target: Annotated[Path | None, typer.Option(help="The real volume, or a folder of them: the ceiling.")] = None,
    lesions: Annotated[Path | None, typer.Option(help="Lesion masks of the real volumes: the truth.")] = None,
    modality: TranslatedModality = None,
    source_modality: Annotated[
        str | None, typer.Option(help="Of the sources: where the detector reads it, they are read, too.")
    ] = None,
    lesion_label: Annotated[
        list[int] | None, typer.Option(min=1, metavar="N", help="A value in the lesion masks; default: the only one.")
    ] = None,
    detector_label: SegmenterLabels = None,
    device: Device = "auto",
    threads: Threads = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Lesions that a translation removes or invents, by a detector, with exact bounds and a verdict for each case."""
    from medtrans.auditing.lesion_tables import to_text
    from medtrans.cli.progress import ProgressBars
    from medtrans.stages.audit import AuditFolder, audit

    use_threads(threads)
    with ProgressBars() as progress:
        found = audit(
            source, translated, target, lesions, detector, output, modality=modality, source_modality=source_modality,
            lesion_labels=lesion_label or (), detector_labels=detector_label or (), device=device,
            overwrite=overwrite, on_progress=progress,
        )  # fmt: skip
    page = {"page": AuditFolder(output).page}
    show_audit(found.to_dict(), lambda: to_text(found), page, found.findings, found.failed, as_json=as_json)
