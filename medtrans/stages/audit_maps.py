"""Maps of where translations may be wrong, as NIfTI on the grids of their sources, with a page and their figures."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from medtrans.auditing.map_audit import CaseMaps, MappedCase, audit_maps
from medtrans.batching.degraded_sources import read_measured
from medtrans.batching.outputs import Output, plan_outputs
from medtrans.core.errors import GridMismatch, MedtransError, UsageError
from medtrans.core.finding import Finding
from medtrans.core.known_operator import KnownOperator
from medtrans.core.modality import Modality, ModalityName, find_modality
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.volume import Volume
from medtrans.degradations._record import known_operator
from medtrans.evaluating.failures import failure
from medtrans.evaluating.input_checks import refuse_not_finite
from medtrans.models.zoo import model_folders
from medtrans.preparing.masks import body_mask
from medtrans.reading.checks import refusal
from medtrans.reading.grids import compare_grids
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import sidecar_path, uncertainty_path
from medtrans.reading.sidecars import read_sidecar
from medtrans.reading.volumes import hash_volume, read_volume, write_volume
from medtrans.reporting.audit_report import audit_report
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.page import render
from medtrans.reporting.provenance import provenance
from medtrans.reporting.sections.audit import audit_section
from medtrans.stages._audit_folder import DOCUMENT, PAGE, Write, write_audit
from medtrans.stages._map_tables import DEFINITION, figures_csv, tables_of
from medtrans.stages._matched_audit import matched_files
from medtrans.translating.ensemble import AnyTranslator, load_members, together

FIGURES = "maps.csv"
CASES_WITH_IMAGES = 2
ANY_VALUES = "MR"
"""Modality of images whose modality is not declared: it has no unit."""
NOTICE = "A map shows where to look. It is no proof of an error, and a dark map none of its absence."
NAMES = ("residual", "cycle", "cycle_robust", "spread", "null_space", "null_space_error", "sfrc")


@dataclass(frozen=True)
class MapInputs:
    """What maps are made of. Folders of the same names, or one file each."""

    source: Path
    translated: Path | None = None
    target: Path | None = None
    record: Path | None = None
    """JSON of medtrans degrade with the degradation of all sources; else that beside each."""
    modality: str | None = None
    """Of translations that are given; default: what their sidecar says."""
    source_modality: str | None = None


@dataclass(frozen=True, eq=False)
class MapModels:
    """Models: of the translation, where it is made here, and of the way back."""

    forward: AnyTranslator | None = None
    back: AnyTranslator | None = None


def audit_by_maps(
    inputs: MapInputs,
    models: Sequence[str | Path],
    back: Path | None,
    folder: Path,
    *,
    samples: int | None = None,
    wrong_above: float | None = None,
    device: str = "auto",
    overwrite: bool = False,
    on_progress: ProgressCallback = no_progress,
) -> tuple[list[CaseMaps], dict[str, Finding]]:
    """Write NAME_MAP.nii.gz of each case, maps.csv, audit.html and audit.json into `folder`.

    Raises UsageError, InputRefused, ModelRefused, EnvironmentRefused; where no case at all could be mapped, too.
    """
    if (inputs.translated is None) == (not models):
        raise UsageError("audit maps", "needs either --translated or --model", "give one of them")
    beside = {role: path for role in ("translated", "target") if (path := getattr(inputs, role)) is not None}
    files = matched_files(inputs.source, beside)
    kinds = {FIGURES: "table", PAGE: "page", DOCUMENT: "JSON file"}
    planned = [Output(folder / name, kind) for name, kind in kinds.items()]  # type: ignore[arg-type]
    planned += [Output(folder / map_name(case, name), "volume") for case in files for name in NAMES]
    plan_outputs(planned, [inputs.source, *beside.values()], overwrite)
    changes: dict[str, Any] = {} if samples is None else {"samples": samples}
    loaded = MapModels(
        together(load_members(model_folders(models), device, **changes)) if models else None,
        together(load_members([back], device)) if back is not None else None,
    )
    work = _Work(inputs, loaded, wrong_above)
    for number, (name, paths) in enumerate(files.items()):
        on_progress("audit", name, number / len(files))
        try:
            with memory_errors(name):
                work.add(name, paths)
        except MedtransError as error:
            work.failed[name] = failure(name, error)
    on_progress("audit", "", 1.0)
    if not work.found:
        finding = next(iter(work.failed.values()))
        raise refusal(work.failed.values())(finding.where, finding.what, finding.advice, finding.code)
    inputs_of = {name: {role: hash_volume(path) for role, path in paths.items()} for name, paths in files.items()}
    write_audit(folder, {**work.volumes, FIGURES: figures_csv(work.found), PAGE: work.page()},
                {**work.facts(), "inputs": inputs_of}, NOTICE)  # fmt: skip
    return work.found, work.failed


def map_name(case: str, name: str) -> str:
    """The file of a map."""
    return f"{case}_{name}.nii.gz"


class _Work:
    """What is gathered while the cases are gone through."""

    def __init__(self, inputs: MapInputs, models: MapModels, wrong_above: float | None) -> None:
        self.inputs, self.models, self.wrong_above = inputs, models, wrong_above
        self.found: list[CaseMaps] = []
        self.failed: dict[str, Finding] = {}
        self.volumes: dict[str, bytes | Write] = {}
        self.images: list[CaseImages] = []

    def add(self, name: str, paths: Mapping[str, Path]) -> None:
        """Raises MedtransError."""
        case = self._read(name, paths)
        made = audit_maps(case, self.wrong_above)
        self.found.append(made)
        grid = case.source
        volumes = {one: Volume(voxels[None], grid.affine, grid.origin) for one, voxels in made.maps.items()}
        for one, volume in volumes.items():
            self.volumes[map_name(name, one)] = partial(_write, volume)
        if len(self.images) < CASES_WITH_IMAGES:
            others = {one: volume for one, volume in volumes.items() if one != "residual"}
            kinds: dict[str, Any] = {"source_modality": self._source_modality(), "target_modality": case.modality.name}
            shown = case.source, case.target, case.translated, None
            self.images.append(CaseImages(name, *shown, maps=others, **kinds))

    def facts(self) -> dict[str, Any]:
        """For audit.json."""
        return {
            "cases": [one.case for one in self.found],
            "maps": [row for one in self.found for row in one.rows],
            "resolution": [one.resolution for one in self.found if one.resolution],
            "failed": {case: finding.to_dict() for case, finding in self.failed.items()},
            "findings": [finding.to_dict() for one in self.found for finding in one.findings],
            "definition": DEFINITION,
        }

    def page(self) -> bytes:
        """Figures of all cases; maps of a few in the viewer."""
        about = f"{NOTICE} Each map is scored as a detector of wrong voxels where there is a real image."
        report = audit_report(
            f"Maps of {len(self.found)} translation{'s' if len(self.found) > 1 else ''}",
            "Where a translation may be wrong.",
            [audit_section("Maps", about, tables=tables_of(self.found), definition=DEFINITION)],
            images=self.images,
            failed=self.failed,
            findings=[finding for one in self.found for finding in one.findings],
            date=datetime.date.today().isoformat(),
            provenance=provenance(),
        )
        return render(report)

    def _read(self, name: str, paths: Mapping[str, Path]) -> MappedCase:
        source = read_volume(paths["source"])
        translated, spread, modality = self._translated(name, source, paths.get("translated"))
        target = read_volume(paths["target"]) if "target" in paths else None
        others = {"translation": translated, "target": target, "spread": spread}
        for role, volume in others.items():
            if volume is not None and not volume.shares_grid_with(source):
                what = f"the {role} lies on another grid than the source: {compare_grids(source, volume).what}"
                raise GridMismatch(name, what, "resample it to the grid of the source")
            if volume is not None:
                refuse_not_finite(name, f"the {role}", volume.voxels, np.ones(source.shape, bool))
        if target is not None and self.models.forward is not None:
            target = self.models.forward.members[0].preparation.in_written_unit(target)
        back = self.models.back
        return MappedCase(
            name,
            source,
            translated,
            body=self._body(source),
            modality=modality,
            target=target,
            spread=spread,
            back=None if back is None else (lambda image: back.translate(image, where=name).volume),
            source_for_back=None if back is None else back.members[0].preparation.in_written_unit(source),
            operator=self._operator(paths["source"], translated),
        )

    def _translated(self, name: str, source: Volume, path: Path | None) -> tuple[Volume, Volume | None, Modality]:
        """The translation, its standard deviation where there is one, and its modality."""
        if self.models.forward is not None:
            made = self.models.forward.translate(source, where=name)
            return made.volume, made.uncertainty, made.modality
        assert path is not None
        beside = uncertainty_path(path)
        declared = read_sidecar(sidecar_path(path)).get("output", {}).get("modality")
        kind = find_modality(self.inputs.modality or declared or ANY_VALUES)
        return read_volume(path), read_volume(beside) if beside.is_file() else None, kind

    def _body(self, source: Volume) -> np.ndarray:
        """Of the model of the translation; without one, that of its modality or of any image."""
        if self.models.forward is not None:
            return self.models.forward.members[0].preparation.body_mask(source)
        return body_mask(source.voxels[0], source.spacing, is_ct=self._source_modality() == "CT")

    def _source_modality(self) -> ModalityName:
        if self.models.forward is not None:
            return self.models.forward.members[0].preparation.source_modality
        return find_modality(self.inputs.source_modality or ANY_VALUES).name

    def _operator(self, source: Path, translated: Volume) -> KnownOperator | None:
        """The one linear degradation of a source, on the grid of its translation; None where it is not known."""
        record = self.inputs.record or sidecar_path(source)
        if self.inputs.record is None and "degradations" not in read_sidecar(record):
            return None
        return known_operator(read_measured(record).record, translated)


def _write(volume: Volume, path: Path) -> None:
    write_volume(volume, path, description="medtrans audit")
