"""Files of an evaluation: scores as CSV and JSON, structures as CSV, tables as LaTeX."""

from __future__ import annotations

from medtrans.core.score import Evaluation
from medtrans.evaluating.results import to_csv, to_json
from medtrans.evaluating.segmentation.table import to_csv as structures_to_csv
from medtrans.reading.storage import write_atomically
from medtrans.reporting.latex import to_tex
from medtrans.runs import RunFolder


def write_evaluation_files(folder: RunFolder, evaluation: Evaluation) -> None:
    """Replaces existing ones. Raises EnvironmentRefused."""
    write_atomically(folder.scores_csv, to_csv(evaluation))
    write_atomically(folder.scores_json, to_json(evaluation).encode())
    if evaluation.structures:
        write_atomically(folder.structures_csv, structures_to_csv(evaluation.structures))
    if evaluation.scores:
        write_atomically(folder.tables_tex, to_tex(evaluation))
