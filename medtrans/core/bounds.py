"""Types and bounds of a setting's value, checked against its annotation.

Recipes are also checked by pydantic, which says more about wrong types; what a model or a run folder holds is checked
here alone, by the same annotations. Numbers must be finite everywhere.
"""

from __future__ import annotations

import math
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as bounds

from medtrans.core.errors import UsageError
from medtrans.core.suggestions import did_you_mean

MAX_INTEGER = 1 << 53
MAX_NUMBERS = 64
"""Longest list of numbers; a network of more levels is a mistake."""
SHOWN = 60


def refuse_invalid(value: Any, hint: Any, where: str) -> None:
    """Raise UsageError unless `value` is of the type `hint` and within the bounds of its annotations."""
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        refuse_invalid(value, inner, where)
        if value is not None:
            _refuse_beyond(value, notes, where)
        return
    if get_origin(hint) in (Union, types.UnionType):
        _refuse_none_of(value, get_args(hint), where)
        return
    if get_origin(hint) is Literal:
        if value not in get_args(hint) or type(value) not in map(type, get_args(hint)):
            raise _invalid(value, where, did_you_mean(str(value), [str(choice) for choice in get_args(hint)]))
        return
    if get_origin(hint) is tuple:
        _refuse_tuple(value, get_args(hint), where)
        return
    _refuse_plain(value, hint, where)


def refuse_converted(given: Any, parsed: Any, where: str) -> None:
    """Raise UsageError where true or false was taken for a number, or a number or text for true or false."""
    if isinstance(given, bool) != isinstance(parsed, bool):
        raise _invalid(given, where, "give true or false" if isinstance(parsed, bool) else "give a number")
    if isinstance(given, (list, tuple)) and isinstance(parsed, tuple):
        for index, (item, other) in enumerate(zip(given, parsed, strict=False)):
            refuse_converted(item, other, f"{where}[{index}]")


def _refuse_none_of(value: Any, hints: tuple[Any, ...], where: str) -> None:
    reasons = []
    for hint in hints:
        try:
            return refuse_invalid(value, hint, where)
        except UsageError as reason:
            reasons.append(reason)
    raise next((reason for reason, hint in zip(reasons, hints, strict=True) if hint is not types.NoneType), reasons[0])


def _refuse_tuple(value: Any, kinds: tuple[Any, ...], where: str) -> None:
    if not isinstance(value, tuple):
        raise _invalid(value, where, "give a list, such as [1, 2]")
    if kinds[-1] is not Ellipsis and len(value) != len(kinds):
        raise _invalid(value, where, f"give a list of {len(kinds)} values")
    if len(value) > MAX_NUMBERS and isinstance(value[0], (int, float)):
        raise UsageError(where, f"has {len(value)} numbers", f"give at most {MAX_NUMBERS}")
    for index, item in enumerate(value):
        refuse_invalid(item, kinds[0] if kinds[-1] is Ellipsis else kinds[index], f"{where}[{index}]")


def _refuse_plain(value: Any, hint: Any, where: str) -> None:
    if hint is bool:
        if not isinstance(value, bool):
            raise _invalid(value, where, "give true or false")
    elif hint in (int, float):
        if isinstance(value, bool) or not isinstance(value, (int, float) if hint is float else int):
            raise _invalid(value, where, "give a whole number" if hint is int else "give a number")
        if not math.isfinite(value) or (isinstance(value, int) and abs(value) > MAX_INTEGER):
            raise _invalid(value, where, "give a finite number of usual size")
    elif hint is str:
        if not isinstance(value, str):
            raise _invalid(value, where, "give text")
    elif hint is Path:
        if not isinstance(value, Path):
            raise _invalid(value, where, "give a path")
    elif hint is types.NoneType:
        if value is not None:
            raise _invalid(value, where, "leave it out")
    elif get_origin(hint) in (dict, Mapping):
        if not isinstance(value, Mapping):
            raise _invalid(value, where, "give a table of keys and values")
    elif isinstance(hint, type) and not isinstance(value, hint):
        raise _invalid(value, where, "give a table of keys and values")


def _refuse_beyond(value: Any, notes: list[Any], where: str) -> None:
    for note in notes:
        for limit in note if isinstance(note, bounds.GroupedMetadata) else (note,):
            advice = _beyond(value, limit)
            if advice:
                raise _invalid(value, where, advice)


def _beyond(value: Any, limit: Any) -> str:
    """What the value must be, where it lies outside of `limit`; else empty."""
    number: Any = value if isinstance(value, (int, float)) else None
    if isinstance(limit, bounds.Ge) and number is not None and not number >= limit.ge:
        return f"give at least {limit.ge}"
    if isinstance(limit, bounds.Gt) and number is not None and not number > limit.gt:
        return f"give more than {limit.gt}"
    if isinstance(limit, bounds.Le) and number is not None and not number <= limit.le:
        return f"give at most {limit.le}"
    if isinstance(limit, bounds.Lt) and number is not None and not number < limit.lt:
        return f"give less than {limit.lt}"
    if isinstance(limit, bounds.MinLen) and len(value) < limit.min_length:
        return f"give at least {limit.min_length} values"
    if isinstance(limit, bounds.MaxLen) and len(value) > limit.max_length:
        return f"give at most {limit.max_length} {'characters' if isinstance(value, str) else 'values'}"
    return ""


def range_text(hint: Any) -> str:
    """The bounds of an annotation in words: "from 0 to 1", "above 0", "80, 100 or 120"."""
    choices = [str(choice) for kind in _parts(hint) if get_origin(kind) is Literal for choice in get_args(kind)]
    if choices:
        return f"{', '.join(choices[:-1])} or {choices[-1]}"
    limits: dict[str, Any] = {}
    for kind in _parts(hint):
        for note in get_args(kind)[1:] if get_origin(kind) is Annotated else ():
            for limit in note if isinstance(note, bounds.GroupedMetadata) else (note,):
                limits |= {name: getattr(limit, name) for name in ("ge", "gt", "le", "lt") if hasattr(limit, name)}
    low = f"above {limits['gt']:g}" if "gt" in limits else f"at least {limits['ge']:g}" if "ge" in limits else ""
    high = f"below {limits['lt']:g}" if "lt" in limits else f"at most {limits['le']:g}" if "le" in limits else ""
    if "ge" in limits and "le" in limits:
        return f"from {limits['ge']:g} to {limits['le']:g}"
    return " and ".join(filter(None, (low, high))) or "any number"


def _parts(hint: Any) -> Iterator[Any]:
    """An annotation and all that it is made of."""
    yield hint
    for part in get_args(hint) if get_origin(hint) is not Literal else ():
        yield from _parts(part)


def shown(value: Any) -> str:
    """A value for an error message, cut where it is long."""
    if isinstance(value, (list, tuple)) and len(value) > SHOWN:
        return f"a list of {len(value)} values"
    try:
        text = repr(value)
    except ValueError:
        text = "an integer of thousands of digits"
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _invalid(value: Any, where: str, advice: str) -> UsageError:
    return UsageError(where, f"invalid value {shown(value)}", advice)
