"""medtrans translate."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medtrans.cli.app import app
from medtrans.cli.log import LOGGER
from medtrans.cli.options import (
    AsJson,
    Conditions,
    Device,
    Engine,
    EngineName,
    ExecutorName,
    MaskLabel,
    Overwrite,
    Precision,
    PrecisionName,
    ProcessCount,
    ResampleTilt,
    Scheduler,
    Slurm,
    Threads,
    model_names,
    numbers,
)
from medtrans.cli.parts import Part, part_of
from medtrans.cli.sharing import Asked, executor_of
from medtrans.cli.translation_summary import foretold, json_of, say_cured, summary
from medtrans.cli.translation_words import changes_of, inputs_of
from medtrans.core.log import NOTE

if TYPE_CHECKING:
    from medtrans.batching.outcome import Outcome


class Grid(StrEnum):
    """Voxels of translations, as in TranslatingSettings.grid."""

    source = "source"
    model = "model"


class FileFormat(StrEnum):
    """File formats of translations, as in `batching.file_formats`."""

    auto = "auto"
    nifti = "nifti"
    dicom = "dicom"
    both = "both"


@app.command()
def translate(
    context: typer.Context,
    sources: Annotated[
        list[Path] | None,
        typer.Option(
            "--input",
            "-i",
            help="A volume (a file, a DICOM series, a zip of one), or a folder of volumes; again for each contrast "
            "of one case, or for further folders.",
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A file for a file, a folder for a folder or a list.")
    ] = ...,  # type: ignore[assignment]
    from_list: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Instead of -i: a list of volumes, one case a line, a tab between contrasts."
        ),
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Of a folder, the volumes of such names: '*_T1w.nii.gz'.")
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Search the folders in a folder, too; outputs keep the tree.")
    ] = False,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME|FOLDER",
            autocompletion=model_names,
            help="A model folder, or a shipped model (medtrans list models); again for the mean of several models. "
            "Default: head-mr-to-ct.",
        ),
    ] = None,
    device: Device = "auto",
    engine: Engine = EngineName.auto,
    precision: Precision = PrecisionName.float32,
    threads: Threads = None,
    processes: ProcessCount = None,
    executor: ExecutorName = "processes",
    scheduler: Scheduler = None,
    slurm: Slurm = False,
    overwrite: Overwrite = False,
    resume: Annotated[bool, typer.Option(help="Skip cases that the ledger lists as done.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Only the cases that the ledger lists as failed.")
    ] = False,
    accept_failed: Annotated[
        Path | None,
        typer.Option(
            metavar="LIST", help="Names of cases, one a line, whose failure is known: no reason for exit code 1."
        ),
    ] = None,
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
    grid: Annotated[
        Grid | None,
        typer.Option(
            help="Voxels of the result: those of the source, or of the model, which may be smaller than thick slices; "
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
    resample_tilt: ResampleTilt = False,
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
    force: Annotated[
        bool,
        typer.Option(
            help="Translate what the gate of a model refuses, and bodies too small for it; the sidecar says so."
        ),
    ] = False,
    uncertainty: Annotated[
        bool,
        typer.Option(
            "--uncertainty",
            help="Write the calibrated uncertainty as NAME_std (medtrans audit calibrate), and say the expected error.",
        ),
    ] = False,
    abstain_above: Annotated[
        float | None,
        typer.Option(min=0, help="Refuse a case whose expected mean error is above this, in HU; with --uncertainty."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; foretell grid, windows, memory and time of each case.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Translate volumes. The output has exactly the geometry of the input, unless --grid asks for other voxels."""
    from medtrans.batching.found_inputs import is_batch_of_cases, read_names
    from medtrans.cli.progress import ProgressBars
    from medtrans.stages._translation_check import check_translation

    inputs = inputs_of(sources or [], from_list)
    is_batch = recursive or is_batch_of_cases(inputs)
    part = Part() if slurm else part_of(part_id, num_parts, is_folder=is_batch, output=output, environment=os.environ)
    part.say()
    changes = changes_of({"samples": samples, "seed": seed, "grid": grid}, mirror, consistency, posterior, force=force)
    planned: dict[str, Any] = {
        "overwrite": overwrite,
        "resume": resume,
        "pattern": pattern,
        "recursive": recursive,
        "retry_failed": retry_failed,
        "part": (part.number, part.count),
        "conditions": numbers(conditions),
        "masks": mask,
        "mask_label": mask_label,
        "record": record,
        "file_format": file_format.value,
        "anonymous": anonymise,
        "resample_tilt": resample_tilt,
        "series": series,
    }
    accepted = read_names(accept_failed) if accept_failed else ()
    models = models or [_default_model()]
    cases = check_translation(inputs, output, models, **planned)
    array = context.find_root().obj if slurm else None
    asked = Asked(is_batch, models, device, threads, processes, executor, scheduler, num_parts, array)
    with ProgressBars() as progress, executor_of(cases, asked) as shared:
        how = planned | {"device": device, "engine": engine.value, "precision": precision.value, "force": force}
        how |= {"uncertainty": uncertainty, "abstain_above": abstain_above, "changes": changes, "dry_run": dry_run}
        how |= {"tasks": part.tasks, "accepted": accepted, "executor": shared, "on_progress": progress}
        outcomes = importlib.import_module("medtrans.stages.translate").translate(inputs, output, models, **how)
    say_cured(outcomes, accepted, accept_failed)
    text = foretold(outcomes, shared.count if shared else 1) if dry_run else summary(outcomes, output, part)
    print(json_of(outcomes) if as_json else text)
    _exit(outcomes, is_batch=is_batch)


def _default_model() -> str:
    """The shipped model that is taken where none is named, said on standard error with the others."""
    from medtrans.models.zoo import DEFAULT, shipped

    about = {model.name: model.about for model in shipped()}
    others = "".join(f" Or -m {name}: {said}" for name, said in about.items() if name != DEFAULT)
    LOGGER.log(NOTE, f"no --model is given, so {DEFAULT} is used: {about[DEFAULT]}{others}")
    return DEFAULT


def _exit(outcomes: Sequence[Outcome], *, is_batch: bool) -> None:
    """The exit code: 1 where some cases are done and others failed, else that of the failures."""
    failed = [outcome for outcome in outcomes if outcome.verdict == "failed"]
    if failed:
        codes = {outcome.exit_code for outcome in failed}
        some_done = any(outcome.verdict in ("done", "skipped", "accepted", "foretold") for outcome in outcomes)
        raise typer.Exit(1 if is_batch and (some_done or len(codes) > 1) else failed[0].exit_code)
