"""medtrans audit insert."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medtrans.cli.audit import audits
from medtrans.cli.audit_options import SegmenterLabels, model_option, output_option, show_audit
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Conditions, Device, Overwrite, Threads, numbers


@audits.command()
def insert(
    sources: Annotated[Path, typer.Option("--input", "-i", help="A healthy source, or a folder of them.")],
    models: Annotated[list[str], model_option("The model; again for several.")],
    output: Annotated[Path, output_option("tables")],
    target: Annotated[Path | None, typer.Option(help="The real image, or a folder of them: another ceiling.")] = None,
    place: Annotated[
        Path | None, typer.Option(help="Mask of where lesions may lie, or a folder; default: in the body.")
    ] = None,
    lesions: Annotated[
        Path | None, typer.Option(help="Mask of the source's own lesions, or a folder: they are taken out.")
    ] = None,
    diameters: Annotated[
        list[float] | None, typer.Option("--diameter", min=1, metavar="MM", help="Default: 4, 6, 8, 12, 20.")
    ] = None,
    contrasts: Annotated[
        list[float] | None,
        typer.Option("--contrast", metavar="SD", help="In noise; below 0 is dark. Default: 1, 2, 4."),
    ] = None,
    detector: Annotated[
        Path | None,
        typer.Option(metavar="SEGMENTER", help="A segmenter's model folder: it reads lesions beside the observer."),
    ] = None,
    detector_label: SegmenterLabels = None,
    count: Annotated[int, typer.Option(min=12, help="Lesions of each diameter and contrast, over all cases.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the places.")] = 0,
    conditions: Conditions = None,
    device: Device = "auto",
    threads: Threads = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Lesions of known size and contrast, put into sources: which does the translation keep? Needs no real images."""
    from medtrans.auditing.insertion_audit import Design
    from medtrans.auditing.insertion_tables import to_text
    from medtrans.cli.progress import ProgressBars
    from medtrans.stages.audit_insert import PAGE, Beside, audit_insert

    use_threads(threads)
    usual = Design()
    design = Design(
        tuple(sorted(set(diameters or usual.diameters))), tuple(sorted(set(contrasts or usual.contrasts))), count, seed
    )
    with ProgressBars() as progress:
        found = audit_insert(
            sources, models, output, design, Beside(target, place, lesions), detector=detector,
            detector_labels=detector_label or (), conditions=numbers(conditions), device=device, overwrite=overwrite,
            on_progress=progress,
        )  # fmt: skip
    page = {"page": output / PAGE}
    show_audit(found.to_dict(), lambda: to_text(found), page, found.findings, found.failed, as_json=as_json)
