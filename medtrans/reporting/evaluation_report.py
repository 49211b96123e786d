"""Report of an evaluation: the sections that its records fill, for a run or for files that were only scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.finding import Finding, Verdict
from medtrans.core.score import TRANSLATED, Evaluation, Score
from medtrans.evaluating.columns import columns, scored_definition
from medtrans.evaluating.segmentation.class_metrics import is_segmentation, is_single_class
from medtrans.evaluating.verdicts import headline, verdicts
from medtrans.reporting.images.case_images import CaseImages
from medtrans.reporting.methods_text import methods_text
from medtrans.reporting.report import Report, Section
from medtrans.reporting.run_record import RunRecord
from medtrans.reporting.sections.agreement import agreement_section
from medtrans.reporting.sections.cases import cases_section
from medtrans.reporting.sections.findings import findings_section
from medtrans.reporting.sections.images import images_section
from medtrans.reporting.sections.methods import methods_section
from medtrans.reporting.sections.plausibility import plausibility_section, verdicts_in
from medtrans.reporting.sections.provenance import provenance_section
from medtrans.reporting.sections.recipe import recipe_section
from medtrans.reporting.sections.scores import scores_section
from medtrans.reporting.sections.structures import MAX_CHARTED_CLASSES, structures_section
from medtrans.reporting.sections.summary import summary_section
from medtrans.reporting.sections.training import training_section
from medtrans.reporting.sections.verdicts import verdicts_section
from medtrans.reporting.sections.viewer import viewer_section
from medtrans.reporting.structure_tables import lowest_dice, volume_measurements


def evaluation_report(
    title: str,
    evaluation: Evaluation,
    cases: Sequence[CaseImages] = (),
    *,
    about: str = "",
    date: str = "",
    provenance: Mapping[str, Any] | None = None,
    findings: Sequence[Finding] = (),
    run: RunRecord | None = None,
    plausibility: Mapping[str, Sequence[Verdict]] | None = None,
    audit: Section | None = None,
) -> Report:
    """`cases` are those with images. `findings` come in addition to those of the evaluation and of its scores.

    `plausibility` are the verdicts on each translated CT; those of a run stand in its sidecars. `audit` is a
    summary of the audit of the run.
    """
    run, facts = run or RunRecord(), provenance or {}
    noticed = [*evaluation.findings, *score_findings(evaluation.scores), *findings]
    answers = verdicts(evaluation, run.convergence)
    images = images_section(cases, image_scores(evaluation.scores), evaluation.structures)
    panels = images.data.cases if images is not None else ()
    text = methods_text(evaluation, run, software=facts.get("software", {}))
    has_text = bool(evaluation.scores or run.settings)
    parts = [
        findings_section(evaluation.failed, noticed),
        verdicts_section(answers) if evaluation.scores else None,
        *_score_sections(evaluation, {panel.case: panel.anchor for panel in panels}),
        audit,
        plausibility_section(plausibility or verdicts_in(run.sidecars)),
        images,
        methods_section(text if has_text else ""),
        training_section(run.journal, run.monitor, columns(image_scores(evaluation.scores))),
        provenance_section(facts),
        recipe_section(run.recipe),
        viewer_section(images),
    ]
    sections = [section for section in parts if section is not None]
    summary = summary_section(evaluation, headline(answers), noticed, panels=panels, sections=sections)
    return Report(title=title, about=about, date=date, sections=(summary, *sections))


def image_scores(scores: Sequence[Score]) -> list[Score]:
    """Scores of images, without those of label maps."""
    return [score for score in scores if not is_segmentation(score.metric)]


def over_cases(scores: Sequence[Score]) -> list[Score]:
    """Scores of images, and those over all classes of a label map."""
    return [score for score in scores if not is_single_class(score.metric)]


def score_findings(scores: Sequence[Score]) -> list[Finding]:
    """The notes of the translations' scores, each once per case."""
    noted = {(score.case, score.note): score for score in over_cases(scores) if score.system == TRANSLATED}
    return [
        Finding(code="score-note", severity="warn", where=score.case, what=score.note)
        for score in noted.values()
        if score.note
    ]


def _score_sections(evaluation: Evaluation, anchors: Mapping[str, str]) -> list[Section | None]:
    scores, definition = image_scores(evaluation.scores), scored_definition(evaluation)
    of_classes = [score for score in over_cases(evaluation.scores) if is_segmentation(score.metric)]
    names = lowest_dice(evaluation.structures, MAX_CHARTED_CLASSES)
    volumes = volume_measurements(evaluation.structures, names)
    return [
        scores_section(scores, definition),
        cases_section(scores, anchors),
        structures_section(evaluation.structures, of_classes, definition),
        agreement_section([*evaluation.measurements, *volumes]),
    ]
