"""YAML text of untrusted origin: plain values only, no anchors, one clear error for each mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from medtrans.core.errors import UsageError

MAX_RECIPE_BYTES = 1 << 20
"""Parsing YAML takes a second per megabyte, so a larger file is a mistake or an attack."""


def parse_yaml(text: str, where: str | Path) -> Any:
    """Plain values of a whole document. Raises UsageError, with the line, for what is not YAML or has anchors."""
    try:
        if any(isinstance(token, (yaml.AliasToken, yaml.AnchorToken)) for token in yaml.scan(text)):
            raise UsageError(where, "has a YAML anchor or alias, which can expand without limit", "write the value out")
        return yaml.safe_load(text)
    except yaml.YAMLError as reason:
        mark = getattr(reason, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        problem = getattr(reason, "problem", None) or reason
        raise UsageError(where, f"is not YAML{line}: {problem}", "correct that line") from reason


def parse_word(text: str, where: str) -> Any:
    """The value of one word of the command line; a pattern such as *_T1.nii.gz is itself. Raises UsageError."""
    if text.startswith("*"):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as reason:
        raise UsageError(where, "the value is not YAML", "put it in quotes") from reason
