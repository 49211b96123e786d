"""Names of the files of an evaluation and its page, for the plan of outputs. Starts without torch."""

from __future__ import annotations

from medtrans.batching.outputs import Output
from medtrans.runs import RunFolder


def evaluation_outputs(folder: RunFolder) -> list[Output]:
    """Scores, structures, tables and page; those that an evaluation does not need are not written."""
    tables = [Output(path, "table") for path in (folder.scores_csv, folder.scores_wide_csv, folder.structures_csv)]
    others = Output(folder.scores_json, "JSON file"), Output(folder.tables_tex, "LaTeX file")
    return [*tables, *others, Output(folder.report, "page")]
