"""One hash for plain values."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def digest(values: Any) -> str:
    """SHA-256 of plain values, however a dictionary is ordered."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
