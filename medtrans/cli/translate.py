"""medtrans translate."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medtrans.cli.app import app
from medtrans.cli.exit_codes import print_error
from medtrans.cli.findings import print_findings
from medtrans.cli.libraries import use_threads
from medtrans.cli.options import AsJson, Conditions, Device, Engine, MaskLabel, Overwrite, Precision, Threads, numbers
from medtrans.cli.parts import Part, part_of
from medtrans.cli.process import seconds_since_start
from medtrans.core.errors import UsageError

if TYPE_CHECKING:
    from medtrans.batching.outcome import Outcome


class FileFormat(StrEnum):
    """File formats of translations, as in `batching.file_formats`."""

    auto = "auto"
    nifti = "nifti"
    dicom = "dicom"
    both = "both"


@app.command()
def translate(
    sources: Annotated[
        list[Path],
        typer.Option(
            "--input",
            "-i",
            help="A volume (a file, a DICOM series, a zip of one), or a folder of volumes; again for each contrast "
            "of one case.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file for a file, a folder for a folder.")],
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME|FOLDER",
            help="A model folder, or a shipped model (medtrans list models); again for the mean of several models. "
            "Default: head-mr-to-ct.",
        ),
    ] = None,
    device: Device = "auto",
    engine: Engine = "auto",
    precision: Precision = "float32",
    threads: Threads = None,
    overwrite: Overwrite = False,
    resume: Annotated[bool, typer.Option(help="Skip cases that the ledger lists as done.")] = False,
    num_parts: Annotated[int | None, typer.Option(min=1, help="Share the folder among so many commands …")] = None,
    part_id: Annotated[int | None, typer.Option(min=0, help="… of which this is the one (from 0).")] = None,
    conditions: Conditions = None,
    mask: Annotated[
        Path | None,
        typer.Option(help="Mask of the body, or a folder with one for each case; outside of it air is written."),
    ] = None,
    mask_label: MaskLabel = None,
    samples: Annotated[
        int | None, typer.Option(min=1, help="Samples of a stochastic model: their mean and standard deviation.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the samples.")] = None,
    mirror: Annotated[
        bool | None,
        typer.Option(
            "--mirror/--no-mirror",
            help="Mean with the translation of the mirrored volume (left and right), in twice the time; "
            "default: as the model was saved.",
        ),
    ] = None,
    consistency: Annotated[
        str | None,
        typer.Option(
            "--data-consistency",
            help="Make translations agree with their sources, degraded again: the noise of these as a share of their "
            "signal, 0 for exactly; or off. Default: as the model was saved.",
        ),
    ] = None,
    posterior: Annotated[
        str | None,
        typer.Option(
            "--posterior-sampling",
            help="Draw translations given the measurements of their sources, by a diffusion or flow model, in place of "
            "data consistency: the noise of the sources as a share of their signal; or off. Default: as saved.",
        ),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            "--consistent-with",
            help="JSON of medtrans degrade with the one linear degradation of all inputs; else that beside each.",
        ),
    ] = None,
    series: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER|TEXT|UID", help="One of several DICOM series in a folder, a tree of folders or a zip."
        ),
    ] = None,
    resample_tilt: Annotated[
        bool,
        typer.Option(
            "--resample-tilt",
            help="Interpolate a DICOM series of a tilted gantry to a rectangular grid. Default: it is refused.",
        ),
    ] = False,
    file_format: Annotated[
        FileFormat,
        typer.Option(
            "--format",
            help="nifti, dicom (CT, MR or SEG in NAME_dicom, for a DICOM input), both; auto: both for DICOM into a "
            "folder, else NIfTI.",
        ),
    ] = FileFormat.auto,
    anonymise: Annotated[
        bool,
        typer.Option(
            "--anonymise",
            help="Leave identity out of DICOM headers (basic profile of PS3.15) and of the sidecar; pixels and names "
            "of files stay. Default: patient and study are kept.",
        ),
    ] = False,
    force: Annotated[bool, typer.Option(help="Translate bodies that are too small for the model, too.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; foretell grid, windows, memory and time of each case.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Translate volumes. The output has exactly the geometry of the input."""
    from medtrans.cli.progress import ProgressBars
    from medtrans.reading.volumes import is_volume
    from medtrans.stages.translate import translate

    use_threads(threads)
    models = models or [_default_model()]
    is_batch = len(sources) == 1 and sources[0].is_dir() and not is_volume(sources[0])
    part = part_of(part_id, num_parts, is_folder=is_batch, output=output, environment=os.environ)
    part.say()
    noises = {"data_consistency": consistency, "posterior_sampling": posterior}
    with ProgressBars() as progress:
        outcomes = translate(
            sources[0] if len(sources) == 1 else [sources],
            output,
            models,
            device=device,
            engine=engine,
            precision=precision,
            overwrite=overwrite,
            resume=resume,
            part=(part.number, part.count),
            tasks=part.tasks,
            dry_run=dry_run,
            conditions=numbers(conditions),
            masks=mask,
            mask_label=mask_label,
            changes=_changes({"samples": samples, "seed": seed}, mirror, noises, force=force),
            record=record,
            file_format=file_format.value,
            anonymous=anonymise,
            resample_tilt=resample_tilt,
            series=series,
            on_progress=progress,
        )
    if as_json:
        print(json.dumps([outcome.to_dict() for outcome in outcomes], indent=1))
    else:
        print(_foretold(outcomes) if dry_run else _summary(outcomes, output, part))
    _report_failures(outcomes, is_batch=is_batch)


def _default_model() -> str:
    """The shipped model that is taken where none is named, said on standard error."""
    from medtrans.models.zoo import DEFAULT, shipped

    about = next(model.about for model in shipped() if model.name == DEFAULT)
    print(f"medtrans: note: no --model is given, so {DEFAULT} is used: {about}", file=sys.stderr)
    return DEFAULT


def _changes(
    options: Mapping[str, Any], mirror: bool | None, noises: Mapping[str, str | None], *, force: bool
) -> dict[str, Any]:
    """The settings of the models that options replace; None replaces none."""
    mirrored = None if mirror is None else "left_right" if mirror else "none"
    changes = {key: value for key, value in {**options, "mirror": mirrored}.items() if value is not None}
    changes |= {"smallest_body": None} if force else {}
    return changes | {key: _noise(key, text) for key, text in noises.items() if text is not None}


def _noise(key: str, text: str) -> float | None:
    """The noise of the sources, for a setting; None for off."""
    if text == "off":
        return None
    try:
        noise = float(text)
    except ValueError:
        noise = -1.0
    if not 0 <= noise < 1:
        what = "is no noise relative to a signal"
        raise UsageError(f"--{key.replace('_', '-')} {text}", what, "give 0, a share below 1 such as 0.01, or off")
    return noise


def _summary(outcomes: Sequence[Outcome], output: Path, part: Part) -> str:
    count = Counter(outcome.verdict for outcome in outcomes)
    if not outcomes:
        return f"nothing to do: the folder has no case for part {part.number} of {part.count}"
    left_out = [f"{count['left out']} left out"] if count["left out"] else []
    words = [f"{count['done']} translated", f"{count['skipped']} done before", *left_out, f"{count['failed']} failed"]
    return f"{', '.join(words)}: {output}"


def _foretold(outcomes: Sequence[Outcome]) -> str:
    """A row for each case and model, and a line for all."""
    from medtrans.core.tables import text_table

    start_up = seconds_since_start() - sum(outcome.seconds for outcome in outcomes)
    rows, minutes, gigabytes = [], start_up / 60, 0.0
    for outcome in outcomes:
        facts = outcome.forecast.to_dict() if outcome.forecast else {"models": []}
        for number, model in enumerate(facts["models"]):
            case = {"case": outcome.case, "GB": f"{facts['gigabytes']:.1f}", "minutes": f"{facts['minutes']:.2f}"}
            sizes = {key: "×".join(map(str, model[key])) for key in ("grid", "window")}
            first = case if number == 0 else dict.fromkeys(case, "")
            rows.append(
                {**first, "model": model["model"], "engine": model["engine"], **sizes, "windows": str(model["windows"])}
            )
        minutes += facts.get("minutes", 0.0)
        gigabytes = max(gigabytes, facts.get("gigabytes", 0.0))
    columns = ("case", "model", "engine", "grid", "window", "windows", "GB", "minutes")
    total = f"about {minutes:.1f} minutes, start-up included, and {gigabytes:.1f} GB; nothing was written"
    return "\n".join([text_table(rows, columns, left=columns[1:3]), total] if rows else [total])


def _report_failures(outcomes: Sequence[Outcome], *, is_batch: bool) -> None:
    """Findings and errors on standard error, and the exit code: 1 where some are done, else that of the failures."""
    failed = [outcome for outcome in outcomes if outcome.verdict == "failed"]
    for outcome in outcomes:
        print_findings(outcome.findings)
    for outcome in failed:
        print_error(outcome.message)
    if failed:
        codes = {outcome.exit_code for outcome in failed}
        some_done = any(outcome.verdict in ("done", "skipped", "foretold") for outcome in outcomes)
        raise typer.Exit(1 if is_batch and (some_done or len(codes) > 1) else failed[0].exit_code)
