"""Targets registered with the sources of their cases, once, in the run folder. Doubtful pairs are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from medtrans.core.case import Case
from medtrans.core.errors import UsageError
from medtrans.core.finding import Finding
from medtrans.core.progress import ProgressCallback
from medtrans.reading.names import stem
from medtrans.reading.volumes import share_grid
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages._made_files import record_of_made
from medtrans.stages.align import AlignedFiles, align, inputs_of, judgement_finding


def registered_cases(
    recipe: Recipe, run: RunFolder, cases: Sequence[Case], on_progress: ProgressCallback
) -> tuple[list[Case], list[Finding]]:
    """The cases with registered targets, and a finding on each whose registration is doubtful or failed.

    Raises UsageError where no training pair is left, InputRefused, EnvironmentRefused.
    """
    used, findings = [], []
    for done, case in enumerate(cases, start=1):
        targets, change, doubts = _registered(recipe, run, case) if case.sources else (case.targets, case.change, [])
        findings += doubts
        if len(targets) == len(case.targets):
            used.append(replace(case, targets=targets, change=change))
        on_progress("registering", case.name, done / len(cases))
    if not any(case.split == "train" and case.sources and case.targets for case in used):
        what = f"no training pair is left: {findings[0].what}" if findings else "no training pair is left"
        raise UsageError("preparing.register", what, f"look at the pictures in {run.registered}")
    return used, findings


def _registered(recipe: Recipe, run: RunFolder, case: Case) -> tuple[tuple[Path, ...], Path | None, list[Finding]]:
    """The registered targets of a case that are used, its change mask, and findings on the others.

    The change mask goes with the first target where it lies on its grid: it is that of the later of two visits.
    """
    used, findings, keep, change = [], [], recipe.preparing.keep_doubtful, case.change
    for number, target in enumerate(case.targets):
        folder = run.registered / (f"{case.name}_{number + 1}" if len(case.targets) > 1 else case.name)
        labels = [case.change] if case.change and number == 0 and share_grid(case.change, target) else []
        files = AlignedFiles(folder, stem(target), stem(case.sources[0]), tuple(stem(path) for path in labels))
        outcome, reasons = _judged(recipe, case, target, files, labels)
        is_used = outcome == "good" or (keep and outcome == "doubtful")
        used += [files.volume] * is_used
        change = files.labels[0] if is_used and labels else change
        doubt = judgement_finding(case.name, outcome, reasons, files.picture)
        if doubt and not is_used:
            keeping = "; preparing.keep_doubtful: true uses it" if outcome == "doubtful" else ""
            left_out = "it is left out of training, validation and test"
            doubt = replace(doubt, consequence=left_out, advice=doubt.advice + keeping)
        findings += [doubt] if doubt else []
    return tuple(used), change, findings


def _judged(
    recipe: Recipe, case: Case, target: Path, files: AlignedFiles, labels: Sequence[Path]
) -> tuple[str, Sequence[str]]:
    """The outcome of the registration of a target, and its reasons; registered here unless that is done."""
    kind, source, masks = recipe.preparing.register, case.sources[0], (None, case.mask)
    assert kind is not None
    modalities = recipe.reading.target_modality, recipe.reading.source_modality
    wanted = {"kind": kind, "inputs": inputs_of((target, source), masks, modalities, labels)}
    facts = record_of_made(files.judgement, wanted)
    if facts is not None:
        return facts["outcome"], facts["reasons"]
    judged = align(
        target, source, files.folder,
        kind=kind, modalities=modalities, masks=masks, mask_label=case.mask_label, labels=labels,
        padded=True, overwrite=True,
    ).judgement  # fmt: skip
    return judged.outcome, judged.reasons
