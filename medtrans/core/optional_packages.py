"""Optional packages: refused in one sentence where they are missing, with how to install them without internet."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from medtrans.core.errors import EnvironmentRefused


def refuse_missing(where: str, packages: Sequence[str], extra: str) -> None:
    """Raises EnvironmentRefused where one of the packages of an extra is not installed."""
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        named = " ".join(packages)
        advice = (
            f"pip install 'medtrans[{extra}]'; without internet: pip download {named} -d wheels where there is, "
            f"then pip install --no-index --find-links wheels {named} here"
        )
        what = f"needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed"
        raise EnvironmentRefused(where, what, advice)
