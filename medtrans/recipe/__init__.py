"""Recipe: all settings of a run, read from YAML and checked once. Its keys are the stages, in order.

The only package that imports pydantic. Unknown keys, wrong types and unknown names give one answer with all of them;
nothing in a recipe is ever run as code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from medtrans import methods
from medtrans.auditing.settings import AuditingSettings, refuse_unauditable
from medtrans.core.bounds import shown
from medtrans.core.case import Case
from medtrans.core.errors import UsageError
from medtrans.core.method import Method
from medtrans.core.mistakes import Mistakes
from medtrans.core.relative_paths import absolute, rebase
from medtrans.core.renamed_keys import refuse_renamed
from medtrans.core.settings import Settings
from medtrans.core.yaml_text import MAX_RECIPE_BYTES, change_of, merged, parse_yaml
from medtrans.evaluating.metric_specs import LabelledMetric, MetricSpec, labelled_metrics, name_and_settings
from medtrans.evaluating.presets import find_preset, refuse_other_modality
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.metrics import load as load_metric
from medtrans.models.card_settings import CardSettings
from medtrans.models.device import refuse_unknown_device
from medtrans.phantoms.painting import PaintingSettings
from medtrans.phantoms.painting_checks import is_painted, refuse_unpaintable, with_painted_target
from medtrans.preparing.degrading import DegradingSettings
from medtrans.preparing.degrading_checks import refuse_inconsistent, refuse_null_space, refuse_unsuited, with_one_image
from medtrans.preparing.preparation import Preparation
from medtrans.preparing.registration.checks import refuse_unregistrable
from medtrans.preparing.settings import PreparingSettings
from medtrans.reading.cohort import find_cases
from medtrans.reading.settings import ReadingSettings
from medtrans.reading.splits import refuse_without_training
from medtrans.reading.storage import read_bytes
from medtrans.reading.visits import refuse_without_pairs
from medtrans.recipe._checked import checked
from medtrans.recipe._tables import STAGES, models_by_name, table_of, tables_of
from medtrans.recipe.schema import schema
from medtrans.training.settings import TrainingSettings
from medtrans.translating.settings import TranslatingSettings

__all__ = ["STAGES", "Recipe", "check_metrics", "load_recipe", "make_recipe", "schema"]


QUICK = {
    "training": {
        "steps": 4, "minutes": None, "batch": 2, "workers": 0,
        "validate_every": 4, "checkpoint_every": 2, "log_every": 1,
    }
}  # fmt: skip
"""The `quick` part of a recipe that has none."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All settings of a run, every default filled in, every path absolute."""

    name: str
    about: str = ""
    reading: ReadingSettings
    preparing: PreparingSettings
    method: str
    method_settings: Settings
    training: TrainingSettings
    translating: TranslatingSettings
    evaluating: EvaluatingSettings
    card: CardSettings = CardSettings()
    degrading: DegradingSettings = DegradingSettings()
    painting: PaintingSettings = PaintingSettings()
    auditing: AuditingSettings | None = None
    """None where the recipe has no such key."""

    @property
    def method_class(self) -> type[Method]:
        """The class that `method.name` stands for."""
        return methods.load(self.method)

    @property
    def pairing(self) -> str:
        """The pairing of cases that the method requires."""
        return self.method_class.pairing

    @property
    def makes_images(self) -> bool:
        """Whether sources, or pairs, are made from the files that are read."""
        return bool(self.degrading.chain) or self.painting.target is not None

    @property
    def translates(self) -> bool:
        """Whether the method maps a source to a target; a method that only generates has no translations to score."""
        return hasattr(self.method_class, "translate")

    @property
    def monitor(self) -> LabelledMetric:
        """The validation metric that selects the model, of the preset or of `evaluating.metrics`. Raises UsageError."""
        preset = find_preset(self.evaluating.preset)
        known = {metric.label: metric for metric in labelled_metrics(preset, self.evaluating.metrics)}
        label = self.training.monitor
        if label not in known:
            what = f"{label!r} is not among the metrics of the preset {preset.name}, so no model can be selected by it"
            raise UsageError(
                "training.monitor", what, f"choose from: {', '.join(known)}; or add it to evaluating.metrics"
            )
        return known[label]

    def preparation(self) -> Preparation:
        """The preparation before it is fitted to training cases. Raises UsageError."""
        return Preparation(self.preparing, self.reading.source_modality, self.reading.target_modality)

    def cases(self) -> list[Case]:
        """The cases of `reading`; of what is made from one file, it is source and target.

        Raises UsageError, also where none trains.
        """
        balance = (self.training.balance,) if self.training.balance and self.reading.table else ()
        conditions = (*self.preparing.conditions, *balance)
        if not self.makes_images:
            return refuse_without_training(find_cases(self.reading, pairing=self.pairing, conditions=conditions))
        cases = find_cases(self.reading, pairing="alone", conditions=conditions)
        return refuse_without_training([dataclasses.replace(case, sources=case.targets) for case in cases])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, every default spelled out, in the order of the stages."""
        tables = {stage: getattr(self, stage) for stage in STAGES}
        stages = {stage: settings.to_dict() for stage, settings in tables.items() if settings is not None}
        method = {"name": self.method, **self.method_settings.to_dict()}
        unused = [
            key for key, used in (("painting", self.painting.target), ("degrading", self.degrading.chain)) if not used
        ]
        stages = {key: values for key, values in stages.items() if key not in unused}
        first: dict[str, Any] = {key: stages.pop(key) for key in tuple(STAGES)[:4] if key in stages}
        return {"name": self.name, "about": self.about, **first, "method": method, **stages}

    def to_yaml(self) -> str:
        """The resolved recipe."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, width=120)


def load_recipe(path: str | Path, changes: Sequence[str] = (), *, quick: bool = False) -> Recipe:
    """Read a recipe; `changes` are "key.key=value" (a YAML value), `quick` applies the recipe's own `quick` part, or
    trains for a few steps where it has none.

    Relative paths in the file are relative to the file, those in `changes` to the working folder. Raises UsageError.
    """
    path = Path(path)
    values = _read(path)
    lighter = table_of(values.pop("quick", QUICK), path.name, "quick")
    if quick:
        values = merged(values, lighter)
    try:
        rebased = _rebased(values, path.parent.absolute(), path.name)
    except UsageError:
        make_recipe(_changed(values, changes), where=path.name)  # names every mistake
        raise
    return make_recipe(_changed(rebased, changes), where=path.name)


def _changed(values: Mapping[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    for change in changes:
        values = merged(values, change_of(change))
    return dict(values)


def make_recipe(values: Mapping[str, Any], *, where: str = "recipe") -> Recipe:
    """The recipe of plain values, as YAML gives them. Raises UsageError, SeveralMistakes with all that is wrong."""
    mistakes = Mistakes()
    with mistakes.collected():
        values = with_painted_target(values, where) if is_painted(values) else with_one_image(values, where)
    stages: dict[str, Any] = {}
    for stage, kind, table in tables_of(values, where, mistakes):
        with mistakes.collected():
            stages[stage] = absolute(checked(kind, table, f"{where}: {stage}"), models_by_name(stage))
    if "evaluating" in stages:
        with mistakes.collected():
            metrics = check_metrics(stages["evaluating"].metrics, f"{where}: evaluating.metrics")
            stages["evaluating"] = dataclasses.replace(stages["evaluating"], metrics=metrics)
    for key, default in (("name", Path(where).stem), ("about", "")):
        with mistakes.collected():
            stages[key] = _text(values, key, default, where)
    mistakes.refuse()
    settings = stages.pop("method")
    name = str(table_of(values.get("method"), where, "method")["name"])
    stages["training"] = stages["training"].resolved(methods.load(name).optimizer_for(settings))
    return _refuse_inconsistent(Recipe(**stages, method=name, method_settings=settings), where)


def _refuse_inconsistent(recipe: Recipe, where: str) -> Recipe:
    """The recipe with the defaults of its modalities. Raises UsageError on what does not fit together."""
    mistakes, name = Mistakes(), recipe.method
    with mistakes.collected():
        _refuse_without_targets(recipe, where)
    with mistakes.collected():
        refuse_unpaintable(recipe.painting, recipe.reading, recipe.preparing.takes_ct, recipe.pairing, name, where)
    with mistakes.collected():
        refuse_unsuited(recipe.degrading, recipe.reading, recipe.pairing, name, f"{where}: degrading")
    with mistakes.collected():
        refuse_without_pairs(recipe.reading, recipe.pairing, name, where)
    if recipe.preparing.register:
        with mistakes.collected():
            refuse_unregistrable(recipe.pairing, recipe.reading, recipe.preparing, recipe.makes_images, where)
    with mistakes.collected():
        if recipe.auditing:
            kind = recipe.reading.target_modality if recipe.translates else None
            refuse_unauditable(recipe.auditing, kind, name, f"{where}: auditing")
    with mistakes.collected():
        refuse_unknown_device(recipe.training.device)
    with mistakes.collected():
        _ = recipe.monitor
    mistakes.refuse()
    with mistakes.collected():
        if recipe.pairing == "alone":
            recipe = dataclasses.replace(recipe, preparing=recipe.preparing.own_targets(f"{where}: preparing"))
        recipe = dataclasses.replace(recipe, preparing=recipe.preparation().settings)
    with mistakes.collected():
        if recipe.translates:
            refuse_other_modality(
                recipe.evaluating.preset, recipe.reading.target_modality, f"{where}: evaluating.preset"
            )
    with mistakes.collected():
        recipe.translating.assert_fits(recipe.preparing)
    with mistakes.collected():
        _refuse_inverse(recipe, where)
    mistakes.refuse()
    return recipe


def _refuse_inverse(recipe: Recipe, where: str) -> None:
    """Raises UsageError where the degradation of a recipe has no inverse that its settings need, and on an uncertainty
    that the method does not give."""
    if recipe.translating.uncertainty and not getattr(recipe.method_settings, "quantiles", ()):
        what = f"is set, but one answer of {recipe.method} as it is set has no uncertainty"
        advice = "give method.quantiles of regression, such as [0.05, 0.95], or translating.samples of what draws them"
        raise UsageError(f"{where}: translating.uncertainty", what, advice)
    if recipe.degrading.null_space:
        consistent, kind = recipe.translating.data_consistency is not None, methods.load(recipe.method)
        refuse_null_space(recipe.degrading, recipe.preparing, kind, consistent, f"{where}: degrading.null_space")
    for key in ("data_consistency", "posterior_sampling"):
        if getattr(recipe.translating, key) is not None:
            refuse_inconsistent(recipe.degrading, f"{where}: translating.{key}")


def _refuse_without_targets(recipe: Recipe, where: str) -> None:
    """Raises UsageError where the method needs targets and their modality is not declared."""
    if recipe.pairing != "alone" and recipe.reading.target is None:
        what = f"is missing, and the method {recipe.method} is trained with targets"
        raise UsageError(f"{where}: reading.target", what, "write target: {pattern: '*_CT.nii.gz', modality: CT}")


def check_metrics(specs: Sequence[MetricSpec], where: str) -> tuple[str | dict[str, Any], ...]:
    """Each metric with its settings checked and written in full. Raises UsageError."""
    written: list[str | dict[str, Any]] = []
    for spec in specs:
        name, settings = name_and_settings(spec)
        metric = checked(load_metric(name), settings, f"{where}: {name}").to_dict()
        written.append({"name": name, **{key: metric[key] for key in settings}} if settings else name)
    return tuple(written)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = read_bytes(path, MAX_RECIPE_BYTES).decode()
    except UnicodeDecodeError as reason:
        raise UsageError(path, "is not text in UTF-8", "give a YAML recipe") from reason
    values = dict(table_of(parse_yaml(text, path), str(path), "the recipe"))
    return {**values, "method": {"name": values["method"]}} if isinstance(values.get("method"), str) else values


def _text(values: Mapping[str, Any], key: str, default: str, where: str) -> str:
    """Text of a recipe. Raises UsageError where it is none, and where a name, which becomes a folder, leads out."""
    text = values.get(key, default)
    if not isinstance(text, str) or (key == "name" and (not text.strip() or ".." in text or text[0] in "/\\")):
        raise UsageError(
            f"{where}: {key}", f"{shown(text)} is no {key}", "give text, a name without .. or / at its begin"
        )
    return text


def _rebased(values: Mapping[str, Any], folder: Path, where: str) -> dict[str, Any]:
    """`values` with every relative path put after `folder`, that of the recipe; models may be shipped ones, by name."""
    out, mistakes = dict(values), Mistakes()
    tables = tables_of(values, where, mistakes)
    mistakes.refuse()
    for stage, kind, table in tables:
        if stage == "reading":
            table = {"root": ".", **table}
        place = f"{where}: {stage}"
        refuse_renamed(stage, table, place, [field.name for field in dataclasses.fields(kind)])
        name = {"name": values["method"]["name"]} if stage == "method" else {}
        out[stage] = {**name, **rebase(kind, table, folder, place, models_by_name(stage))}
    return out
