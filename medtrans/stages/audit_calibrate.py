"""Calibrate the uncertainty of a model, or of an ensemble, by the errors in patients that it was not trained with."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.auditing.calibrated import settings_of, uncertainty_floor
from medtrans.auditing.calibrating import calibrate, case_rows, undercovered
from medtrans.auditing.components import components
from medtrans.auditing.error_ratios import CaseErrors, case_errors
from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.errors import GridMismatch, MedtransError, ModelRefused, UsageError
from medtrans.core.finding import Finding
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.tables import to_csv
from medtrans.core.volume import Volume
from medtrans.evaluating.failures import failure
from medtrans.evaluating.input_checks import refuse_not_finite
from medtrans.models.calibration import Calibration, write_calibration
from medtrans.models.zoo import model_folders
from medtrans.reading.checks import refusal
from medtrans.reading.grids import compare_grids
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import subject_of
from medtrans.reading.volumes import hash_volume, read_mask, read_volume
from medtrans.reporting.audit_report import audit_report
from medtrans.reporting.page import render
from medtrans.reporting.provenance import provenance
from medtrans.stages._audit_folder import DOCUMENT, PAGE, write_audit
from medtrans.stages._calibration_section import CALIBRATION_NOTICE, calibration_section
from medtrans.stages._matched_audit import matched_files
from medtrans.translating.ensemble import AnyTranslator, load_members, together

CASES = "calibration_cases.csv"


@dataclass(frozen=True)
class CalibratedModel:
    """The calibration that was written, and what was noticed."""

    calibration: Calibration
    folder: Path
    """The model folder that holds it."""
    failed: Mapping[str, Finding]
    findings: tuple[Finding, ...]


@dataclass
class _Measured:
    cases: list[CaseErrors] = field(default_factory=list)
    failed: dict[str, Finding] = field(default_factory=dict)


def calibrate_model(
    sources: Path,
    target: Path,
    models: Sequence[str | Path],
    folder: Path,
    *,
    lesions: Path | None = None,
    labels: Path | None = None,
    samples: int | None = None,
    device: str = "auto",
    overwrite: bool = False,
    on_progress: ProgressCallback = no_progress,
) -> CalibratedModel:
    """Translate the sources, compare with the targets, and write calibration.json into the folder of the first model;
    a table, audit.html and audit.json into `folder`.

    Raises UsageError, InputRefused, ModelRefused, EnvironmentRefused; also where too few patients could be read.
    """
    beside = {"target": target, "lesions": lesions, "labels": labels}
    given = {role: path for role, path in beside.items() if path is not None}
    files = matched_files(sources, given)
    kinds = {CASES: "table", PAGE: "page", DOCUMENT: "JSON file"}
    planned = [Output(folder / name, kind) for name, kind in kinds.items()]  # type: ignore[arg-type]
    plan_outputs(planned, [sources, *given.values()], overwrite)
    folders = model_folders(models)
    translator = _loaded(folders, device, samples)
    measured = _Measured()
    for number, (name, paths) in enumerate(files.items()):
        on_progress("calibrate", name, number / len(files))
        try:
            with memory_errors(name):
                measured.cases.append(_errors(name, paths, translator))
        except MedtransError as error:
            measured.failed[name] = failure(name, error)
    on_progress("calibrate", "", 1.0)
    if not measured.cases:
        first = next(iter(measured.failed.values()))
        raise refusal(measured.failed.values())(first.where, first.what, first.advice, first.code)
    preparation = translator.members[0].preparation
    hashes, settings = [one.identity.sha256 for one in translator.members], settings_of(translator.members[0].settings)
    modality = preparation.modality
    found = calibrate(measured.cases, hashes, settings, modality.name, modality.unit, uncertainty_floor(preparation))
    result = CalibratedModel(found, folders[0], measured.failed, tuple(undercovered(found)))
    write_calibration(folders[0], found)
    _write(result, measured.cases, files, folder, translator.identity.name)
    return result


def _loaded(folders: Sequence[Path], device: str, samples: int | None) -> AnyTranslator:
    """Raises ModelRefused on models without an uncertainty, UsageError on settings that are not calibrated."""
    changes: dict[str, Any] = {} if samples is None else {"samples": samples}
    members = [one.with_settings(**changes) for one in load_members(list(folders), device)]
    members = [one.with_settings(uncertainty=True) if one.method.gives_spread else one for one in members]
    translator = together(members)
    name = translator.identity.name
    if not translator.gives_uncertainty:
        what = "gives one answer without an uncertainty"
        advice = "give several models by -m, --samples for a model that draws them, or train with method.quantiles"
        raise ModelRefused(name, what, advice, "no-uncertainty")
    if members[0].settings.in_source_unit or members[0].settings.grid == "model":
        what = "has data consistency, posterior sampling or a grid of its own, for which nothing is calibrated yet"
        raise UsageError(name, what, "calibrate a model without it")
    if members[0].preparation.modality.name == "labels" or members[0].method.task.target_channels > 1:
        raise ModelRefused(name, "writes label maps or several images", "calibrate a model that writes one image")
    return translator


def _errors(name: str, paths: Mapping[str, Path], translator: AnyTranslator) -> CaseErrors:
    """Of one case. Raises MedtransError."""
    source, preparation = read_volume(paths["source"]), translator.members[0].preparation
    target = preparation.in_written_unit(read_volume(paths["target"]))
    marked = {role: read_mask(paths[role]) for role in ("lesions", "labels") if role in paths}
    for role, volume in {"target": target, **marked}.items():
        if not volume.shares_grid_with(source):
            what = f"the {role} lies on another grid than the source: {compare_grids(source, volume).what}"
            raise GridMismatch(name, what, "resample it to the grid of the source")
    body = preparation.body_mask(source)
    refuse_not_finite(name, "the target", target.voxels, body)
    made = translator.translate(source, where=name)
    assert made.uncertainty is not None
    lesions = marked.get("lesions")
    return case_errors(
        name, subject_of(name), made.volume.voxels[0], made.uncertainty.voxels[0], target.voxels[0], body,
        preparation.modality.name, uncertainty_floor(preparation), labels=_array(marked.get("labels")),
        lesions=None if lesions is None else components(lesions.voxels[0] > 0, source.spacing).labels,
    )  # fmt: skip


def _array(volume: Volume | None) -> np.ndarray | None:
    return None if volume is None else volume.voxels[0]


def _write(
    result: CalibratedModel,
    cases: Sequence[CaseErrors],
    files: Mapping[str, Mapping[str, Path]],
    folder: Path,
    name: str,
) -> None:
    known = result.calibration
    rows = case_rows(known, cases)
    inputs = {case: {role: hash_volume(path) for role, path in paths.items()} for case, paths in files.items()}
    report = audit_report(
        f"Calibration of {name}",
        CALIBRATION_NOTICE,
        [calibration_section(known, rows)],
        failed=result.failed,
        findings=result.findings,
        date=datetime.date.today().isoformat(),
        provenance=provenance(),
    )
    contents = {CASES: to_csv(rows, tuple(rows[0])), PAGE: render(report)}
    failed = {case: finding.to_dict() for case, finding in result.failed.items()}
    findings = [finding.to_dict() for finding in result.findings]
    facts = {"calibration": known.to_dict(), "cases": rows, "failed": failed, "findings": findings, "inputs": inputs}
    write_audit(folder, contents, facts, CALIBRATION_NOTICE)
