"""medtrans evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medtrans.cli.app import app
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, MaskLabel, Overwrite, ResampleTilt, Threads, preset_names
from medtrans.core.log import log_findings

if TYPE_CHECKING:
    from medtrans.evaluating.segmentation.task import SegmentationTask


@app.command()
def evaluate(
    context: typer.Context,
    translated: Annotated[
        list[Path],
        typer.Option(
            help="A translated volume, a folder of them, or a pattern as 'made/{subject}_ct.mha'; several are compared."
        ),
    ],
    target: Annotated[
        Path, typer.Option(help="The real volume, a folder of them with the same names, or 'real/{subject}/ct.mha'.")
    ],
    preset: Annotated[
        str,
        typer.Option(help="Which definition of the numbers: see `medtrans list presets`.", autocompletion=preset_names),
    ],
    mask: Annotated[Path | None, typer.Option(help="Voxels that count: a volume, or a folder.")] = None,
    mask_label: MaskLabel = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC", help="A further metric: a name or '{name: nmi, bins: 32}'; see `medtrans list metrics`."
        ),
    ] = None,
    uncertainty: Annotated[
        Path | None, typer.Option(help="Also score predicted standard deviations: a volume, or a folder.")
    ] = None,
    segmenter: Annotated[
        Path | None,
        typer.Option(metavar="MODEL", help="A segmenter: its model folder, or the name of a shipped one."),
    ] = None,
    label_maps: Annotated[
        Path | None, typer.Option(help="Instead: label maps of the translations, by any segmenter …")
    ] = None,
    reference_labels: Annotated[
        Path | None, typer.Option(help="… and of the targets; with a segmenter, the true label maps of the targets.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(metavar="AB|HN|TH|total|FILE|TABLE", help="Labels that count, as '{liver: 5, kidneys: [2, 3]}'."),
    ] = None,
    surface_tolerance: Annotated[float, typer.Option(min=0, help="Of the surface Dice, in mm.")] = 2.0,
    threads: Threads = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write the scores as CSV.")] = None,
    report: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Also write a page, CSV, JSON, LaTeX.")] = None,
    source: Annotated[
        Path | None,
        typer.Option(help="The source volumes: a baseline if of the target's modality, and shown on the page."),
    ] = None,
    change: Annotated[
        Path | None,
        typer.Option(help="Masks of what changed between source and target, two visits: for the metrics of change."),
    ] = None,
    series: Annotated[
        str | None, typer.Option(metavar="NUMBER|TEXT|UID", help="One of several DICOM series in --target.")
    ] = None,
    resample_tilt: ResampleTilt = False,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Score translations against targets, and define every number. Several translations are compared."""
    from medtrans.evaluating.results import to_json, to_text
    from medtrans.reading.checks import refusal
    from medtrans.stages._chosen_series import chosen_series
    from medtrans.stages.evaluate import evaluate

    use_threads(threads)
    target = context.with_resource(chosen_series(target, series)).path
    segmentation = _segmentation(segmenter, label_maps, reference_labels, labels, surface_tolerance)
    shown = {"source": source, "segmentation": segmentation, "overwrite": overwrite, "mask_label": mask_label}
    shown["resample_tilt"] = resample_tilt
    options: dict[str, Any] = {"metrics": _metrics(metric or []), "change": change, **shown}
    options["protected"] = _given(segmenter, label_maps, reference_labels, labels)
    if len(translated) > 1:
        _refuse_single_files({"--uncertainty": uncertainty, "--label-maps": label_maps, "--output": output})
        _compare(translated, target, mask, preset, report, options, as_json)
        return
    options |= {"uncertainty": uncertainty, "report": report}
    evaluation = evaluate(translated[0], target, mask, preset, output, **options)
    if report is not None:
        from medtrans.stages.evaluation_page import write_evaluation_page

        write_evaluation_page(report, evaluation, translated[0], target, mask, **shown)  # type: ignore[arg-type]
    print(to_json(evaluation) if as_json else to_text(evaluation), end="")
    log_findings(evaluation.findings)
    log_findings(evaluation.failed.values())
    if evaluation.failed:
        whole = {score.case for score in evaluation.scores} - evaluation.failed.keys()
        raise typer.Exit(1 if whole else refusal(evaluation.failed.values()).exit_code)


def _refuse_single_files(given: dict[str, Path | None]) -> None:
    """Raises UsageError where an option belongs to one translation alone."""
    from medtrans.core.errors import UsageError

    for option, path in given.items():
        if path is not None:
            what = "belongs to one translation, there are several --translated"
            raise UsageError(option, what, "score them one by one with --report, and give the folders to compare")


def _compare(
    translated: list[Path],
    target: Path,
    mask: Path | None,
    preset: str,
    report: Path | None,
    options: dict[str, Any],
    as_json: bool,
) -> None:
    from medtrans.stages.compare import to_json, to_text
    from medtrans.stages.compare_translations import compare_translations

    found = compare_translations(translated, target, mask, preset, report, **options)
    print(to_json(found) if as_json else to_text(found))
    if report is not None and not as_json:
        print(f"\npage: {report / 'comparison.html'}")
    findings = [finding for system in found.systems for finding in system.evaluation.findings]
    failed = [finding for system in found.systems for finding in system.evaluation.failed.values()]
    log_findings({str(finding): finding for finding in [*findings, *failed]}.values())
    if failed:
        raise typer.Exit(1)


def _given(*paths: Path | str | None) -> list[Path]:
    return [Path(path) for path in paths if path is not None and Path(path).exists()]


def _segmentation(
    segmenter: Path | None, label_maps: Path | None, reference: Path | None, labels: str | None, tolerance: float
) -> SegmentationTask | None:
    """Only a segmenter needs torch, and only label maps the metrics of structures: each is imported where needed."""
    if segmenter is not None:
        from medtrans.models.config import read_config
        from medtrans.models.zoo import model_folder

        read_config(model_folder(segmenter))  # What is no model is refused before torch is loaded.
        from medtrans.evaluating.segmentation import segmenter as by_segmenter

        return by_segmenter.of_options(segmenter, label_maps, reference, labels, tolerance)
    if label_maps is None and reference is None and labels is None:
        return None
    from medtrans.evaluating.segmentation import label_maps as by_files

    return by_files.of_options(label_maps, reference, labels, tolerance)


def _metrics(words: list[str]) -> list[Any]:
    """Names, and tables of a name and settings; only tables need pydantic, which checks their types and bounds."""
    from medtrans.core.yaml_text import parse_word

    specs = [parse_word(word, f"--metric {word}") for word in words]
    if not any(isinstance(spec, dict) for spec in specs):
        return specs
    from medtrans.recipe import check_metrics

    return list(check_metrics(specs, "--metric"))
