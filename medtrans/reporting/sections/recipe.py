"""Recipe: every setting of the run as YAML."""

from __future__ import annotations

from medtrans.reporting.report import Section


def recipe_section(text: str) -> Section | None:
    """The resolved recipe; folders of absolute paths are left out."""
    return Section("recipe", "Recipe", text) if text else None
