"""Files of an evaluation: scores as CSV and JSON, structures as CSV, tables as LaTeX."""

from __future__ import annotations

import json

from medtrans.core.errors import InputRefused
from medtrans.core.finding import Verdict
from medtrans.core.score import Evaluation
from medtrans.core.sealed_json import NotSealed, seal, unseal
from medtrans.evaluating.results import to_csv, to_json, to_wide_csv
from medtrans.evaluating.segmentation.table import to_csv as structures_to_csv
from medtrans.reading.storage import read_bytes, sha256, write_atomically
from medtrans.reporting.latex import to_tex
from medtrans.runs import RunFolder

MAX_SCORES_BYTES = 1 << 28
HASHES = "sha256"
"""In scores.json of a run: the name of a file of the run → its SHA-256."""


def write_evaluation_files(folder: RunFolder, evaluation: Evaluation, convergence: Verdict | None = None) -> None:
    """Replaces existing ones, and removes those that this evaluation lacks. Raises EnvironmentRefused.

    Of a run, the scores hold the hashes of its recipe and journal, which are compared when all of them are read back.
    """
    write_atomically(folder.scores_csv, to_csv(evaluation))
    write_atomically(folder.scores_wide_csv, to_wide_csv(evaluation))
    hashes = {path.name: sha256(path) for path in (folder.recipe, folder.journal) if path.is_file()}
    write_atomically(folder.scores_json, seal({**json.loads(to_json(evaluation, convergence)), HASHES: hashes}))
    if evaluation.structures:
        write_atomically(folder.structures_csv, structures_to_csv(evaluation.structures))
    else:
        folder.structures_csv.unlink(missing_ok=True)
    if evaluation.scores:
        write_atomically(folder.tables_tex, to_tex(evaluation))
    else:
        folder.tables_tex.unlink(missing_ok=True)


def read_evaluation(folder: RunFolder) -> Evaluation:
    """The scores of a finished run.

    Raises InputRefused where its file is damaged or of another version, or recipe or journal are not those of its run.
    """
    path, advice = folder.scores_json, "copy it back, or remove it and run again: what is there is not computed twice"
    try:
        document = unseal(read_bytes(path, MAX_SCORES_BYTES))
        evaluation, hashes = Evaluation.from_dict(document), dict(document.get(HASHES, {}))
    except NotSealed as reason:
        raise InputRefused(path, str(reason), advice) from reason
    except (KeyError, TypeError, ValueError, AttributeError) as reason:
        raise InputRefused(path, f"holds no scores of this version ({reason!r})", advice) from reason
    for name, expected in hashes.items():
        if sha256(folder.path / name) != expected:
            what = "is not the file with which its run was scored: it was changed or damaged"
            raise InputRefused(folder.path / name, what, "copy it back from where it was complete, or run again")
    return evaluation
