"""Settings of one table of a recipe, checked by Settings and by pydantic, and all that is wrong with the table."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from medtrans.core.bounds import refuse_converted, shown
from medtrans.core.errors import UsageError
from medtrans.core.mistakes import Mistakes
from medtrans.core.renamed_keys import refuse_renamed
from medtrans.core.settings import Settings
from medtrans.core.suggestions import nearest

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


def checked(kind: type[Settings], values: Mapping[str, Any], where: str) -> Any:
    """Settings of `kind`: names and keys are checked by Settings, types and bounds by pydantic.

    Raises UsageError, SeveralMistakes where several keys are wrong.
    """
    try:
        refuse_renamed(where.rpartition(": ")[2], values, where, _keys(kind))
        settings = _validated(kind, kind.nested(values, where, checked), values, where)
        _refuse_values(settings, values, where)
    except UsageError as reason:
        mistakes = Mistakes(reason)
        _look_at_each_key(kind, values, where, mistakes)
        raise mistakes.together() from reason
    return settings


def _look_at_each_key(kind: type[Settings], values: Mapping[str, Any], where: str, mistakes: Mistakes) -> None:
    """Collect what is wrong with each key alone; the first mistake hid the others."""
    alone = vars(Settings)["nested"].__func__  # A class may refuse what is incomplete.
    built: dict[str, Any] = {}
    for key, value in values.items():
        with mistakes.collected():
            refuse_renamed(where.rpartition(": ")[2], {key: value}, where, _keys(kind))
            built |= alone(kind, {key: value}, where, checked)
    try:
        settings = _adapter(kind).validate_python(built)  # type: ignore[arg-type]
    except ValidationError as reason:
        for mistake in _of_pydantic(kind, reason, values, where):
            if mistake.where not in mistakes.places:  # Its own check says more.
                mistakes.add(mistake)
    except UsageError:
        pass  # Of settings together: the first mistake is that one, or keys that are left out here cause it.
    else:
        with mistakes.collected():
            _refuse_values(settings, built, where)


def _validated(kind: type[Settings], built: Mapping[str, Any], values: Mapping[str, Any], where: str) -> Settings:
    try:
        settings: Settings = _adapter(kind).validate_python(built)  # type: ignore[arg-type]
    except ValidationError as reason:
        raise _of_pydantic(kind, reason, built, where)[0] from reason
    return settings


def _refuse_values(settings: Settings, values: Mapping[str, Any], where: str) -> None:
    """Raises UsageError on what pydantic converts or lets pass."""
    for key, value in values.items():
        refuse_converted(value, getattr(settings, key), f"{where}.{key}")
    settings.refuse_invalid(where)


def _of_pydantic(
    kind: type[Settings], reason: ValidationError, values: Mapping[str, Any], where: str
) -> list[UsageError]:
    """One mistake for each key, in the words of the first error of the key."""
    by_key: dict[str, list[Any]] = {}
    for error in reason.errors():
        if error["type"] == "missing" and error["loc"][0] in values:
            continue  # It is there, and left out here as it is wrong itself.
        by_key.setdefault(str(error["loc"][0]) if error["loc"] else "", []).append(error)
    return [_mistake(kind, errors[0], len(errors) - 1, values, where) for errors in by_key.values()]


def _mistake(
    kind: type[Settings], first: Mapping[str, Any], more: int, values: Mapping[str, Any], where: str
) -> UsageError:
    place = ".".join([where, *(str(part) for part in first["loc"] if isinstance(part, int) or part in values)])
    others = f" (and {more} more)" if more else ""
    plain = PLAIN.get(first["type"])
    advice = f"give {plain}" if plain else first["msg"].replace("Input should be", "it must be")
    near = nearest(str(first["input"]), re.findall("'([^']*)'", first.get("ctx", {}).get("expected", "")))
    advice = "; ".join(filter(None, (near, advice, kind.note(str(first["loc"][0])))))
    return UsageError(place, f"invalid value {shown(first['input'])}{others}", advice)


def _keys(kind: type[Settings]) -> list[str]:
    return [field.name for field in dataclasses.fields(kind)]
