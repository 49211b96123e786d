"""Tables of a recipe: the stages and the method, and keys that stand in the wrong table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medtrans import methods
from medtrans.auditing.settings import AuditingSettings
from medtrans.core.errors import UsageError
from medtrans.core.mistakes import Mistakes
from medtrans.core.renamed_keys import is_renamed, refuse_renamed
from medtrans.core.settings import Settings
from medtrans.core.suggestions import did_you_mean
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.models.card_settings import CardSettings
from medtrans.models.zoo import single_networks
from medtrans.phantoms.painting import PaintingSettings
from medtrans.preparing.degrading import DegradingSettings
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.settings import ReadingSettings
from medtrans.training.settings import TrainingSettings
from medtrans.translating.settings import TranslatingSettings

STAGES: dict[str, type[Settings]] = {
    "reading": ReadingSettings,
    "painting": PaintingSettings,
    "degrading": DegradingSettings,
    "preparing": PreparingSettings,
    "training": TrainingSettings,
    "translating": TranslatingSettings,
    "evaluating": EvaluatingSettings,
    "auditing": AuditingSettings,
    "card": CardSettings,
}
"""Tables of a recipe beside `method`; card holds statements for the model card."""
WHERE_NAMED = ("auditing",)
"""Stages that a run has only where its recipe names them."""
Table = tuple[str, type[Settings], Mapping[str, Any]]
"""Stage, class, table."""


def tables_of(values: Mapping[str, Any], where: str, mistakes: Mistakes) -> list[Table]:
    """The tables of every stage and of the method; unknown stages and methods, and no tables, are mistakes."""
    known, tables = {"name", "about", "method", *STAGES}, []
    for key in values:
        if key not in known:
            advice = _of_a_stage(str(key)) or did_you_mean(str(key), {*known, "quick"})
            mistakes.add(UsageError(where, f"no stage named {key!r}", advice))
    with mistakes.collected():
        tables.append(_method_table(values, where))
    for stage, kind in STAGES.items():
        if stage in WHERE_NAMED and stage not in values:
            continue
        with mistakes.collected():
            table = table_of(values.get(stage, {}), where, stage)
            tables.append((stage, kind, _without_misplaced(stage, kind, table, where, mistakes)))
    return tables


def models_by_name(stage: str) -> Mapping[str, Path]:
    """Folders of shipped models whose names stand for them in a table, as of a segmenter; none where data are read."""
    return {} if stage == "reading" else single_networks()


def _method_table(values: Mapping[str, Any], where: str) -> Table:
    method = dict(table_of(values.get("method"), where, "method"))
    refuse_renamed("method", method, f"{where}: method")
    name = str(method.pop("name", ""))
    if not name:
        raise UsageError(where, "method.name is missing", "choose from: " + ", ".join(methods.names()))
    if name not in methods.names():
        raise UsageError(f"{where}: method.name", f"nothing is named {name!r}", did_you_mean(name, methods.names()))
    return "method", methods.load(name).Settings, method


def _without_misplaced(
    stage: str, kind: type[Settings], table: Mapping[str, Any], where: str, mistakes: Mistakes
) -> dict[str, Any]:
    """The table without the settings of other stages, which are mistakes."""
    own = [field.name for field in dataclasses.fields(kind)]
    left = dict(table)
    for key in [key for key in table if key not in own and not is_renamed(stage, str(key))]:
        if advice := _of_a_stage(str(key)):
            mistakes.add(UsageError(f"{where}: {stage}", f"no setting named {key!r}", advice))
            del left[key]
    return left


def _of_a_stage(key: str) -> str:
    """A question with the stage that has this setting; empty where none has."""
    stages = [stage for stage, kind in STAGES.items() if key in [field.name for field in dataclasses.fields(kind)]]
    return f"did you mean {' or '.join(f'{stage}.{key}' for stage in stages)}?" if stages else ""


def table_of(value: Any, where: str, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(where, f"{what} is not a table of keys and values", "see pipelines/ for examples")
    return value
