"""Run all stages of a recipe in a folder: check, train, translate, evaluate, audit, report. Resumes when stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from medtrans.batching.outcome import Outcome
from medtrans.core.finding import Finding, Verdict
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.score import Evaluation
from medtrans.core.tables import text_table
from medtrans.evaluating.image_scores import definition
from medtrans.evaluating.primary_metrics import refuse_unknown_primary
from medtrans.evaluating.results import verdict_lines
from medtrans.evaluating.segmentation.segmenter import of_settings
from medtrans.evaluating.verdicts import headline, verdicts
from medtrans.models.folder import write_card
from medtrans.recipe import Recipe
from medtrans.runs import RunFolder
from medtrans.stages._later_card import evaluation_facts, training_facts
from medtrans.stages._planned_audit import planned_audit
from medtrans.stages._run_audit import audit_run
from medtrans.stages._run_audit_page import audit_summary
from medtrans.stages._run_lock import run_lock
from medtrans.stages._run_page import displayed_cases, write_run_page
from medtrans.stages._shortcomings import record_shortcomings, shortcomings_of
from medtrans.stages._translated_cases import evaluate_cases, means, translate_cases
from medtrans.stages.check import single_visits
from medtrans.stages.sample import sample
from medtrans.stages.train import TrainedModel, train_unlocked
from medtrans.translating.translator import Translator

MAX_WARNINGS = 10
"""Lines on the terminal."""
SAMPLES = 16
"""Images that a run generates with a method that does not translate."""


@dataclass(frozen=True)
class RunResult:
    """Folder, page and first numbers of a run."""

    folder: Path
    report: Path
    convergence: Verdict
    """Of the training; lowered where a baseline is better."""
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """System → metric → mean over the test subjects."""
    columns: tuple[str, ...] = ()
    """Metrics of the table on the terminal: all but those of single structures."""
    failed: Mapping[str, Finding] = field(default_factory=dict)
    """Case → why it was not scored."""
    resumed: str = ""
    """What an earlier command had done."""
    verdicts: Sequence[Verdict] = ()
    """On the evaluation; the last is that on the convergence."""
    findings: Sequence[Finding] = ()
    """Reservations about translations and scores."""
    audit: Path | None = None
    """Page of the audit, where the recipe audits."""
    audited: Sequence[Verdict] = ()
    """On the audit."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "folder": str(self.folder),
            "report": str(self.report),
            "convergence": asdict(self.convergence),
            "scores": {system: dict(values) for system, values in self.scores.items()},
            "failed": {case: finding.to_dict() for case, finding in self.failed.items()},
            "resumed": self.resumed,
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
            "findings": [finding.to_dict() for finding in self.findings],
            "audit": str(self.audit) if self.audit else None,
            "audit_verdicts": [asdict(verdict) for verdict in self.audited],
        }

    def to_text(self) -> str:
        """For the terminal."""
        rows = [
            {"": system, **{metric: f"{values[metric]:.3f}" for metric in self.columns if metric in values}}
            for system, values in self.scores.items()
        ]
        lines = [text_table(rows, ("", *self.columns))] if rows else []
        lines.append(verdict_lines(headline(self.verdicts) or [self.convergence]))
        lines += [verdict_lines(self.audited)] if self.audited else []
        warnings = [finding.sentence for finding in self.findings if finding.severity != "note"]
        lines += [f"warning: {sentence}" for sentence in warnings[:MAX_WARNINGS]]
        lines += [f"{len(warnings) - MAX_WARNINGS} more warnings in the report"] if len(warnings) > MAX_WARNINGS else []
        lines += [f"not scored: {finding.sentence}" for finding in self.failed.values()]
        lines += [f"resumed: {self.resumed}"] if self.resumed else []
        lines += [f"model:  {RunFolder(self.folder).model}", f"report: {self.report}"]
        return "\n".join([*lines, *([f"audit:  {self.audit}"] if self.audit else [])])


def run(
    recipe: Recipe, folder: Path, *, longer: bool = False, on_progress: ProgressCallback = no_progress
) -> RunResult | None:
    """Run all stages; None in the processes of a parallel training that are not the first.

    `longer` continues the shorter run that the folder holds.

    Raises UsageError, InputRefused, ModelRefused, EnvironmentRefused; a test case that fails is listed in the result.
    """
    with run_lock(RunFolder(folder)):
        return _run(recipe, folder, longer, on_progress)


def _run(recipe: Recipe, folder: Path, longer: bool, on_progress: ProgressCallback) -> RunResult | None:
    began = time.monotonic()
    paths = RunFolder(folder)
    refuse_unknown_primary(recipe.evaluating)
    segmentation = of_settings(recipe.evaluating.segmentation, recipe.training.device)
    plan = planned_audit(recipe)
    trained = train_unlocked(recipe, folder, longer=longer, on_progress=on_progress)
    if not trained.is_main_process:
        return None
    if not recipe.translates:
        return _generate(recipe, paths, trained, on_progress)
    cases = trained.cases
    translator = Translator.load(trained.model, device=recipe.training.device, settings=recipe.translating.scored)
    outcomes = translate_cases(cases, translator, [paths.model], paths, on_progress=on_progress)
    translations = {name: outcome.output for name, outcome in outcomes.items() if outcome.output}
    on_progress("evaluating", f"{len(translations)} cases", 0.0)
    evaluation = evaluate_cases(recipe, cases, outcomes, translator, segmentation)
    images, unseen = displayed_cases(recipe, evaluation, cases, translations, translator.preparation, segmentation)
    audit = audit_run(recipe, paths, plan, cases, translations, translator, evaluation, on_progress) if plan else None
    of_outcomes = (finding for outcome in outcomes.values() for finding in outcome.findings)
    findings = [*single_visits(recipe), *trained.left_out, *of_outcomes, *unseen]
    facts = {**_facts(recipe, trained, translator), "this command": f"{(time.monotonic() - began) / 60:.1f} minutes"}
    shown: dict[str, Any] = {"images": images, "findings": findings, "audit": audit_summary(audit)}
    write_run_page(paths, recipe, trained, evaluation, facts, cases=cases, **shown)
    on_progress("evaluating", f"{len(translations)} cases", 1.0)
    answers = verdicts(evaluation, trained.convergence)
    record_shortcomings(paths, shortcomings_of(answers, recipe.name), translations.values())
    later = {"training": training_facts(trained.journal, recipe.training)}
    write_card(paths.model, translator.identity.config, later | evaluation_facts(evaluation, answers, findings))
    return RunResult(
        folder,
        paths.report,
        answers[-1],
        *means(evaluation),
        evaluation.failed,
        _resumed(trained, list(outcomes.values())),
        answers,
        (*evaluation.findings, *findings),
        audit.page if audit else None,
        audit.verdicts if audit else (),
    )


def _facts(recipe: Recipe, trained: TrainedModel, translator: Translator) -> dict[str, Any]:
    """Provenance of the translations."""
    minutes = trained.journal.rows[-1]["seconds"] / 60
    return {
        "model sha256": translator.identity.sha256,
        "device": str(translator.device),
        "seed": recipe.training.seed,
        "training": f"{minutes:.1f} minutes by the {recipe.training.clock} clock",
    }


def _resumed(trained: TrainedModel, outcomes: Sequence[Outcome]) -> str:
    existing = sum(outcome.verdict == "skipped" for outcome in outcomes)
    translations = f"{existing} of {len(outcomes)} translations were there" if existing else ""
    return "; ".join(part for part in (trained.resumed, translations) if part)


def _generate(recipe: Recipe, paths: RunFolder, trained: TrainedModel, on_progress: ProgressCallback) -> RunResult:
    """The end of a run whose method does not translate: sampled images, and the losses on the page."""
    if not paths.samples.exists():
        first = recipe.cases()[0].conditions
        conditions = {name: first[name] for name in recipe.preparing.conditions}
        device = recipe.training.device
        sample(paths.samples, trained.model, SAMPLES, conditions=conditions, device=device, on_progress=on_progress)
    evaluation = Evaluation(definition(recipe.evaluating.preset))
    write_run_page(paths, recipe, trained, evaluation, {"seed": recipe.training.seed})
    return RunResult(paths.path, paths.report, trained.convergence, resumed=trained.resumed)
