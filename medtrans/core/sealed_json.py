"""Sealed JSON: a document that carries the SHA-256 of its own content, so that a damaged file is not read as another.

Strict on the way in: no key twice, no NaN or infinity, no nesting without end.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from medtrans.core.strict_json import to_plain, to_strict_json

CHECKSUM = "checksum"


class NotSealed(ValueError):
    """What is wrong with the text; the reader of the file turns it into an error with a place and advice."""


def seal(document: Mapping[str, Any]) -> bytes:
    """JSON of `document` of plain values, with its checksum as the last key; nan is null, infinity the string "inf"."""
    content = to_plain({key: value for key, value in document.items() if key != CHECKSUM})
    return to_strict_json({**content, CHECKSUM: _digest(content)}).encode()


def unseal(text: str | bytes) -> dict[str, Any]:
    """The document, without its checksum. Raises NotSealed where it is not JSON, has no checksum, or another one."""
    return without_seal(parse_json(text))


def without_seal(document: Any) -> dict[str, Any]:
    """A parsed document without its checksum. Raises NotSealed where it has none, or another one."""
    if not isinstance(document, dict) or CHECKSUM not in document:
        raise NotSealed("has no checksum")
    content = {key: value for key, value in document.items() if key != CHECKSUM}
    if document[CHECKSUM] != _digest(content):
        raise NotSealed("does not agree with its checksum, so it was changed or damaged")
    return content


def parse_json(text: str | bytes) -> Any:
    """Plain values of finite numbers, without a key twice. Raises NotSealed."""
    try:
        return json.loads(
            text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant, parse_float=_finite
        )
    except NotSealed:
        raise
    except RecursionError:
        raise NotSealed("is nested too deeply") from None
    except ValueError as reason:
        raise NotSealed(f"is not JSON ({reason})") from None


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _without_repeats(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise NotSealed(f"has the key {twice!r} twice")
    return document


def _finite(text: str) -> float:
    return float(text) if math.isfinite(float(text)) else _refuse_constant(text)


def _refuse_constant(name: str) -> Any:
    raise NotSealed(f"holds {name}, which is not a finite number")
