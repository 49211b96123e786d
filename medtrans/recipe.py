"""One typed recipe, read from YAML: its keys are the stages, in order.

The only file that knows pydantic. Unknown keys, wrong types and names that do not exist are answered with one
sentence; nothing in a recipe is ever run as code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from medtrans import methods
from medtrans.core.errors import UsageError
from medtrans.core.settings import Settings, did_you_mean
from medtrans.evaluating.metric_specs import LabelledMetric, measures, name_and_settings
from medtrans.evaluating.presets import find_preset
from medtrans.evaluating.settings import EvaluatingSettings
from medtrans.metrics import load as load_metric
from medtrans.preparing.preparation import PreparingSettings
from medtrans.reading.cohort import ReadingSettings
from medtrans.reading.files import read_bytes
from medtrans.training.settings import TrainingSettings
from medtrans.translating.settings import TranslatingSettings

LARGEST_RECIPE = 1 << 20
"""Bytes: parsing YAML takes a second per megabyte, so a larger file is a mistake or an attack."""

STAGES: dict[str, type[Settings]] = {
    "reading": ReadingSettings,
    "preparing": PreparingSettings,
    "training": TrainingSettings,
    "translating": TranslatingSettings,
    "evaluating": EvaluatingSettings,
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything a run is made of. `quick` holds what `--quick` changes."""

    name: str
    about: str = ""
    reading: ReadingSettings
    preparing: PreparingSettings
    method: str
    method_settings: Settings
    training: TrainingSettings
    translating: TranslatingSettings
    evaluating: EvaluatingSettings

    @property
    def best(self) -> LabelledMetric:
        """The measure that chooses the model: one of the preset, or of `evaluating.also`. Raises UsageError."""
        preset, also = find_preset(self.evaluating.preset), self.evaluating.also
        known = {measure.label: measure for measure in measures(preset, also)}
        asked = self.training.best
        if asked not in known:
            what = f"{asked!r} is not measured under the preset {preset.name}"
            advice = f"choose from: {', '.join(known)}; or name another in evaluating.also"
            raise UsageError("training.best", what, advice)
        return known[asked]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, every default spelled out, in the order of the stages."""
        values: dict[str, Any] = {"name": self.name, "about": self.about}
        for stage in ("reading", "preparing"):
            values[stage] = getattr(self, stage).to_dict()
        values["method"] = {"name": self.method, **self.method_settings.to_dict()}
        for stage in ("training", "translating", "evaluating"):
            values[stage] = getattr(self, stage).to_dict()
        return values

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.to_dict(), sort_keys=False, width=120)


def load_recipe(path: str | Path, changes: Sequence[str] = (), *, quick: bool = False) -> Recipe:
    """Read a recipe; `changes` are "key.key=value" (a YAML value), `quick` applies the recipe's own `quick` part.

    Relative places of data are meant from where the recipe lies, those in `changes` from the working folder; a loaded
    recipe has them in full. Raises UsageError.
    """
    path = Path(path)
    values = _parse(path)
    lighter = values.pop("quick", {})
    if quick:
        values = _merged(values, lighter)
    values = _placed(values, path.parent.absolute())
    for change in changes:
        values = _merged(values, _change(change))
    return make_recipe(values, where=path.name)


def make_recipe(values: Mapping[str, Any], *, where: str = "recipe") -> Recipe:
    """The typed recipe of plain values, as YAML gives them. Raises UsageError."""
    known = {"name", "about", "method", *STAGES}
    for key in values:
        if key not in known:
            raise UsageError(where, f"no stage named {key!r}", did_you_mean(str(key), known))
    method = dict(_mapping(values.get("method"), where, "method"))
    name = str(method.pop("name", ""))
    if not name:
        raise UsageError(where, "method.name is missing", "choose from: " + ", ".join(methods.names()))
    if name not in methods.names():
        raise UsageError(f"{where}: method.name", f"nothing is named {name!r}", did_you_mean(name, methods.names()))
    stages: dict[str, Any] = {
        stage: _checked(kind, _mapping(values.get(stage, {}), where, stage), f"{where}: {stage}")
        for stage, kind in STAGES.items()
    }
    stages["evaluating"] = with_measures(stages["evaluating"], f"{where}: evaluating.also")
    table = stages["reading"].table
    judge = stages["evaluating"].downstream
    stages["evaluating"] = dataclasses.replace(stages["evaluating"], downstream=judge and judge.absolute())
    stages["reading"] = dataclasses.replace(
        stages["reading"], root=stages["reading"].root.absolute(), table=table and table.absolute()
    )
    if methods.load(name).pairing == "alone":
        stages["preparing"] = _alone(stages["preparing"], f"{where}: preparing")
    recipe = Recipe(
        name=str(values.get("name", Path(where).stem)),
        about=str(values.get("about", "")),
        method=name,
        method_settings=_checked(methods.load(name).Settings, method, f"{where}: method"),
        **stages,
    )
    _ = recipe.best
    recipe.translating.assert_fits(recipe.preparing.spatial_dims)
    return recipe


def with_measures(evaluating: EvaluatingSettings, where: str) -> EvaluatingSettings:
    """The settings, each metric of `also` checked and spelled in full. Raises UsageError before anything is read."""
    spelled: list[str | dict[str, Any]] = []
    for asked in evaluating.also:
        name, settings = name_and_settings(asked)
        metric = _checked(load_metric(name), settings, f"{where}: {name}").to_dict()
        spelled.append({"name": name, **{key: metric[key] for key in settings}} if settings else name)
    measures(find_preset(evaluating.preset), spelled)
    return dataclasses.replace(evaluating, also=tuple(spelled))


def as_yaml(text: str, where: str) -> Any:
    """The value of a word of the command line; a pattern such as *_T1.nii.gz stands for itself. Raises UsageError."""
    if text.startswith("*"):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as reason:
        raise UsageError(where, "the value is not YAML", "quote it") from reason


def schema() -> dict[str, Any]:
    """JSON schema of the stages, for editors that complete recipes."""
    parts = {stage: TypeAdapter(kind).json_schema() for stage, kind in STAGES.items()}
    return {"type": "object", "properties": {"name": {"type": "string"}, **parts}}


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = read_bytes(path, LARGEST_RECIPE).decode()
        if any(isinstance(token, (yaml.AliasToken, yaml.AnchorToken)) for token in yaml.scan(text)):
            raise UsageError(path, "uses a YAML anchor or alias", "write the value out")
        values = yaml.safe_load(text)
    except UnicodeDecodeError as reason:
        raise UsageError(path, "is not text in UTF-8", "give a YAML recipe") from reason
    except yaml.YAMLError as reason:
        place = getattr(reason, "problem_mark", None)
        line = f" in line {place.line + 1}" if place else ""
        raise UsageError(path, f"is not YAML{line}: {getattr(reason, 'problem', reason)}", "mend it") from reason
    return dict(_mapping(values, str(path), "the recipe"))


def _mapping(value: Any, where: str, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(where, f"{what} is not a table of keys and values", "see pipelines/ for examples")
    return value


def _change(change: str) -> dict[str, Any]:
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"--set {change}", "is not key=value", "for example --set training.steps=1000")
    value = as_yaml(text, f"--set {change}")
    for part in reversed(key.strip().split(".")):
        value = {part: value}
    return dict(value)


def _merged(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with `changes` laid over, table by table; a table with another `name` replaces the old one whole."""
    out = dict(values)
    for key, new in changes.items():
        old = out.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping) and new.get("name") in (None, old.get("name")):
            new = _merged(old, new)
        out[key] = new
    return out


def _placed(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """`values` with reading.root, reading.table and evaluating.downstream seen from `folder`."""
    reading = values.get("reading", {})
    if not isinstance(reading, Mapping):
        return values
    places = {"root": ".", **{key: reading[key] for key in ("root", "table") if key in reading}}
    placed = {key: str(folder / place) for key, place in places.items() if isinstance(place, str)}
    values = {**values, "reading": {**reading, **placed}}
    evaluating = values.get("evaluating")
    if isinstance(evaluating, Mapping) and isinstance(evaluating.get("downstream"), str):
        values["evaluating"] = {**evaluating, "downstream": str(folder / evaluating["downstream"])}
    return values


def _alone(preparing: PreparingSettings, where: str) -> PreparingSettings:
    """For a method whose images are their own targets: both sides prepared alike, no neighbouring slices."""
    alike = dataclasses.replace(preparing, target=preparing.source, stack=1)
    for key, usual in (("target", PreparingSettings().target), ("stack", PreparingSettings().stack)):
        if getattr(preparing, key) not in (usual, getattr(alike, key)):
            raise UsageError(f"{where}.{key}", "has no meaning here: each image is its own target", "leave it out")
    return alike


def _checked(kind: type[Settings], values: Mapping[str, Any], where: str) -> Any:
    """Settings of `kind`: names and keys answered by Settings, types and bounds by pydantic."""
    try:
        return TypeAdapter(kind).validate_python(kind.nested(values, where, _checked))
    except ValidationError as reason:
        first, *more = reason.errors()
        place = ".".join([where, *(str(part) for part in first["loc"] if isinstance(part, int) or part in values)])
        others = f" (and {len(more)} more)" if more else ""
        raise UsageError(place, f"{first['input']!r} will not do{others}", first["msg"]) from reason
