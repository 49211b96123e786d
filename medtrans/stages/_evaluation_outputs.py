"""Names of the files of an evaluation, a comparison and their pages, for the plan of outputs. Starts without torch."""

from __future__ import annotations

from pathlib import Path

from medtrans.batching.outputs import Output
from medtrans.runs import RunFolder


def evaluation_outputs(folder: RunFolder) -> list[Output]:
    """Scores, structures, tables and page; those that an evaluation does not need are not written."""
    tables = [Output(path, "table") for path in (folder.scores_csv, folder.scores_wide_csv, folder.structures_csv)]
    others = Output(folder.scores_json, "JSON file"), Output(folder.tables_tex, "LaTeX file")
    return [*tables, *others, Output(folder.report, "page")]


def comparison_outputs(folder: Path) -> tuple[Output, Output, Output, Output]:
    """Table, JSON, LaTeX and page of a comparison."""
    table, document = Output(folder / "comparison.csv", "table"), Output(folder / "comparison.json", "JSON file")
    return table, document, Output(folder / "comparison.tex", "LaTeX file"), Output(folder / "comparison.html", "page")
