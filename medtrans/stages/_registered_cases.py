"""Targets registered with the sources of their cases, once, in the run folder. Doubtful pairs are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from medtrans.core.case import Case
from medtrans.core.errors import MedtransError, UsageError
from medtrans.core.finding import Finding
from medtrans.core.progress import ProgressCallback
from medtrans.core.sealed_json import NotSealed, unseal
from medtrans.reading.names import stem
from medtrans.reading.sidecars import MAX_SIDECAR_BYTES
from medtrans.reading.storage import read_bytes
from medtrans.reading.volumes import hash_volume
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages.align import AlignedFiles, align, judgement_finding


def registered_cases(
    recipe: Recipe, run: RunFolder, cases: Sequence[Case], on_progress: ProgressCallback
) -> tuple[list[Case], list[Finding]]:
    """The cases with registered targets, and a finding on each whose registration is doubtful or failed.

    Raises UsageError where no training pair is left, InputRefused, EnvironmentRefused.
    """
    used, findings = [], []
    for done, case in enumerate(cases, start=1):
        targets, doubts = _registered(recipe, run, case) if case.sources else (case.targets, [])
        findings += doubts
        if len(targets) == len(case.targets):
            used.append(replace(case, targets=targets))
        on_progress("registering", case.name, done / len(cases))
    if not any(case.split == "train" and case.sources and case.targets for case in used):
        what = f"no training pair is left: {findings[0].what}" if findings else "no training pair is left"
        raise UsageError("preparing.register", what, f"look at the pictures in {run.registered}")
    return used, findings


def _registered(recipe: Recipe, run: RunFolder, case: Case) -> tuple[tuple[Path, ...], list[Finding]]:
    """The registered targets of a case that are used, and findings on the others."""
    used, findings, keep = [], [], recipe.preparing.keep_doubtful
    for number, target in enumerate(case.targets):
        folder = run.registered / (f"{case.name}_{number + 1}" if len(case.targets) > 1 else case.name)
        files = AlignedFiles(folder, stem(target), stem(case.sources[0]))
        facts = _known(recipe, case, target, files)
        if facts is None:
            _register(recipe, case, target, folder)
            facts = _read(files)
        is_used = facts["outcome"] == "good" or (keep and facts["outcome"] == "doubtful")
        used += [files.volume] * is_used
        doubt = judgement_finding(case.name, facts["outcome"], facts["reasons"], files.picture)
        if doubt and not is_used:
            keeping = "; preparing.keep_doubtful: true uses it" if facts["outcome"] == "doubtful" else ""
            left_out = "it is left out of training, validation and test"
            doubt = replace(doubt, consequence=left_out, advice=doubt.advice + keeping)
        findings += [doubt] if doubt else []
    return tuple(used), findings


def _register(recipe: Recipe, case: Case, target: Path, folder: Path) -> None:
    reading = recipe.reading
    align(
        target,
        case.sources[0],
        folder,
        kind=recipe.preparing.register or "rigid",
        modalities=(reading.target_modality, reading.source_modality),
        masks=(None, case.mask),
        mask_label=case.mask_label,
        padded=True,
        overwrite=True,
    )


def _known(recipe: Recipe, case: Case, target: Path, files: AlignedFiles) -> dict[str, Any] | None:
    """The facts of a registration that is there; None where it is of other images or settings, or not whole."""
    try:
        facts = _read(files)
        inputs, outputs = facts["inputs"], facts["outputs"]
        mask = hash_volume(case.mask) if case.mask else None
        wanted = hash_volume(target), hash_volume(case.sources[0]), mask, recipe.preparing.register
        found = inputs["moving"]["sha256"], inputs["fixed"]["sha256"], inputs["fixed"]["mask"], facts["kind"]
        whole = all(hash_volume(files.folder / name) == digest for name, digest in outputs.items())
        return facts if whole and found == wanted else None
    except (NotSealed, MedtransError, OSError, KeyError, TypeError, AttributeError):
        return None


def _read(files: AlignedFiles) -> dict[str, Any]:
    facts: dict[str, Any] = unseal(read_bytes(files.judgement, MAX_SIDECAR_BYTES))
    return facts
