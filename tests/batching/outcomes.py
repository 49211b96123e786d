"""Reading of outcomes and ledgers in tests, and a volume that is refused."""

import json

import numpy as np

from tests.translating.stand_ins import ball, oblique, save_nifti


def verdicts(outcomes):
    return [outcome.verdict for outcome in outcomes]


def last_rows(ledger):
    """The last line about each output."""
    rows = [json.loads(row) for row in ledger.read_text().splitlines()]
    return list({row["output"]: row for row in rows}.values())


def spoil(path):
    """A volume with one voxel that is not a number."""
    voxels, _ = ball((9, 8, 7))
    voxels[0, 4, 4, 4] = np.nan
    save_nifti(path, voxels, oblique(), dtype=np.float32)
