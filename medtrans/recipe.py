"""Recipe: all settings of a run, read from YAML and checked once. Its keys are the stages, in order.

The only file that imports pydantic. Unknown keys, wrong types and unknown names give one clear error; nothing in a
recipe is ever run as code.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from medtrans import methods
from medtrans.core.bounds import refuse_converted, shown
from medtrans.core.case import Case
from medtrans.core.errors import UsageError
from medtrans.core.method import Method
from medtrans.core.relative_paths import absolute, rebase
from medtrans.core.renamed_keys import refuse_renamed
from medtrans.core.settings import Settings
from medtrans.core.suggestions import did_you_mean
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
    "card": CardSettings,
}
"""Tables of a recipe beside `method`; card holds statements for the model card."""
WHOLE, NUMBER = "a whole number", "a number"
PLAIN = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), WHOLE),
    **dict.fromkeys(("float_parsing", "float_type"), NUMBER),
    **dict.fromkeys(("bool_parsing", "bool_type"), "true or false"),
    "tuple_type": "a list, such as [1, 2]",
    "string_type": "text",
}
"""Kind of an error of pydantic → what a value must be, in plain words."""
_adapter = functools.cache(TypeAdapter)  # To make one takes longer than all of its checks.


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
        if not self.makes_images:
            return refuse_without_training(find_cases(self.reading, pairing=self.pairing))
        cases = find_cases(self.reading, pairing="alone")
        return refuse_without_training([dataclasses.replace(case, sources=case.targets) for case in cases])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, every default spelled out, in the order of the stages."""
        stages = {stage: getattr(self, stage).to_dict() for stage in STAGES}
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
    """Read a recipe; `changes` are "key.key=value" (a YAML value), `quick` applies the recipe's own `quick` part.

    Relative paths in the file are relative to the file, those in `changes` to the working folder. Raises UsageError.
    """
    path = Path(path)
    values = _read(path)
    lighter = _mapping(values.pop("quick", {}), path.name, "quick")
    if quick:
        values = merged(values, lighter)
    values = _rebased(values, path.parent.absolute(), path.name)
    for change in changes:
        values = merged(values, change_of(change))
    return make_recipe(values, where=path.name)


def make_recipe(values: Mapping[str, Any], *, where: str = "recipe") -> Recipe:
    """The recipe of plain values, as YAML gives them. Raises UsageError."""
    values = with_painted_target(values, where) if is_painted(values) else with_one_image(values, where)
    stages: dict[str, Any] = {
        stage: absolute(_checked(kind, table, f"{where}: {stage}")) for stage, kind, table in _tables(values, where)
    }
    metrics = check_metrics(stages["evaluating"].metrics, f"{where}: evaluating.metrics")
    stages["evaluating"] = dataclasses.replace(stages["evaluating"], metrics=metrics)
    settings = stages.pop("method")
    name = str(_mapping(values.get("method"), where, "method")["name"])
    stages["training"] = stages["training"].resolved(methods.load(name).optimizer_for(settings))
    stages |= {key: _text(values, key, default, where) for key, default in (("name", Path(where).stem), ("about", ""))}
    recipe = Recipe(**stages, method=name, method_settings=settings)
    _refuse_without_targets(recipe, where)
    refuse_unpaintable(recipe.painting, recipe.reading, recipe.pairing, recipe.method, where)
    refuse_unsuited(recipe.degrading, recipe.reading, recipe.pairing, recipe.method, f"{where}: degrading")
    refuse_without_pairs(recipe.reading, recipe.pairing, recipe.method, where)
    if recipe.preparing.register:
        refuse_unregistrable(recipe.pairing, recipe.reading, recipe.makes_images, f"{where}: preparing.register")
    if recipe.pairing == "alone":
        recipe = dataclasses.replace(recipe, preparing=recipe.preparing.own_targets(f"{where}: preparing"))
    recipe = dataclasses.replace(recipe, preparing=recipe.preparation().settings)
    _ = recipe.monitor
    refuse_unknown_device(recipe.training.device)
    if recipe.translates:
        refuse_other_modality(recipe.evaluating.preset, recipe.reading.target_modality, f"{where}: evaluating.preset")
    recipe.translating.assert_fits(recipe.preparing)
    if recipe.degrading.null_space:
        consistent, kind = recipe.translating.data_consistency is not None, methods.load(recipe.method)
        refuse_null_space(recipe.degrading, recipe.preparing, kind, consistent, f"{where}: degrading.null_space")
    for key in ("data_consistency", "posterior_sampling"):
        if getattr(recipe.translating, key) is not None:
            refuse_inconsistent(recipe.degrading, f"{where}: translating.{key}")
    return recipe


def _refuse_without_targets(recipe: Recipe, where: str) -> None:
    """Raises UsageError where the method needs targets and their modality is not declared."""
    if recipe.pairing != "alone" and recipe.reading.target is None:
        what = f"is missing, and the method {recipe.method} is trained with targets"
        raise UsageError(f"{where}: reading.target", what, "write target: {pattern: '*_CT.nii.gz', modality: CT}")


def check_metrics(specs: Sequence[MetricSpec], where: str) -> tuple[str | dict[str, Any], ...]:
    """Each metric with its settings checked and written in full. Raises UsageError."""
    checked: list[str | dict[str, Any]] = []
    for spec in specs:
        name, settings = name_and_settings(spec)
        metric = _checked(load_metric(name), settings, f"{where}: {name}").to_dict()
        checked.append({"name": name, **{key: metric[key] for key in settings}} if settings else name)
    return tuple(checked)


def schema() -> dict[str, Any]:
    """JSON schema of the stages, for editors that complete recipes."""
    parts = {stage: TypeAdapter(kind).json_schema() for stage, kind in STAGES.items()}
    return {"type": "object", "properties": {"name": {"type": "string"}, **parts}}


def _read(path: Path) -> dict[str, Any]:
    try:
        text = read_bytes(path, MAX_RECIPE_BYTES).decode()
    except UnicodeDecodeError as reason:
        raise UsageError(path, "is not text in UTF-8", "give a YAML recipe") from reason
    return dict(_mapping(parse_yaml(text, path), str(path), "the recipe"))


def _mapping(value: Any, where: str, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(where, f"{what} is not a table of keys and values", "see pipelines/ for examples")
    return value


def _text(values: Mapping[str, Any], key: str, default: str, where: str) -> str:
    """Text of a recipe. Raises UsageError where it is none, and where a name, which becomes a folder, leads out."""
    text = values.get(key, default)
    if not isinstance(text, str) or (key == "name" and (not text.strip() or ".." in text or text[0] in "/\\")):
        raise UsageError(
            f"{where}: {key}", f"{shown(text)} is no {key}", "give text, a name without .. or / at its begin"
        )
    return text


def _tables(values: Mapping[str, Any], where: str) -> list[tuple[str, type[Settings], Mapping[str, Any]]]:
    """(stage, class, table) of every stage and of the method. Raises UsageError on an unknown stage or method."""
    known = {"name", "about", "method", *STAGES}
    for key in values:
        if key not in known:
            raise UsageError(where, f"no stage named {key!r}", did_you_mean(str(key), known))
    method = dict(_mapping(values.get("method"), where, "method"))
    refuse_renamed("method", method, f"{where}: method")
    name = str(method.pop("name", ""))
    if not name:
        raise UsageError(where, "method.name is missing", "choose from: " + ", ".join(methods.names()))
    if name not in methods.names():
        raise UsageError(f"{where}: method.name", f"nothing is named {name!r}", did_you_mean(name, methods.names()))
    tables = [(stage, kind, _mapping(values.get(stage, {}), where, stage)) for stage, kind in STAGES.items()]
    return [*tables, ("method", methods.load(name).Settings, method)]


def _rebased(values: Mapping[str, Any], folder: Path, where: str) -> dict[str, Any]:
    """`values` with every relative path put after `folder`, that of the recipe."""
    out = dict(values)
    for stage, kind, table in _tables(values, where):
        if stage == "reading":
            table = {"root": ".", **table}
        place = f"{where}: {stage}"
        refuse_renamed(stage, table, place, [field.name for field in dataclasses.fields(kind)])
        name = {"name": values["method"]["name"]} if stage == "method" else {}
        out[stage] = {**name, **rebase(kind, table, folder, place)}
    return out


def _checked(kind: type[Settings], values: Mapping[str, Any], where: str) -> Any:
    """Settings of `kind`: names and keys are checked by Settings, types and bounds by pydantic. Raises UsageError."""
    refuse_renamed(where.rpartition(": ")[2], values, where, [field.name for field in dataclasses.fields(kind)])
    try:
        settings: Settings = _adapter(kind).validate_python(kind.nested(values, where, _checked))  # type: ignore[arg-type]
    except ValidationError as reason:
        first, *more = reason.errors()
        place = ".".join([where, *(str(part) for part in first["loc"] if isinstance(part, int) or part in values)])
        others = f" (and {len(more)} more)" if more else ""
        plain = PLAIN.get(first["type"])
        advice = f"give {plain}" if plain else first["msg"].replace("Input should be", "it must be")
        advice = "; ".join(filter(None, (advice, kind.note(str(first["loc"][0])))))
        raise UsageError(place, f"invalid value {shown(first['input'])}{others}", advice) from reason
    for key, value in values.items():
        refuse_converted(value, getattr(settings, key), f"{where}.{key}")
    settings.refuse_invalid(where)
    return settings
