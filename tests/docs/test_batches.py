"""The path of docs/batches.md, walked: a tree at night, a case that fails, and what is done about it in the morning."""

import logging
import re
from pathlib import Path

import numpy as np
import pytest

from medtrans.cli import run_command
from medtrans.core.volume import Volume
from medtrans.models.folder import save_model
from medtrans.reading.volumes import write_volume
from tests.translating.stand_ins import preparation_of, tiny_regression

PAGE = (Path(__file__).parents[2] / "docs" / "batches.md").read_text(encoding="utf-8")
NIGHT = re.search(r"^    medtrans (translate .*)$", PAGE, re.MULTILINE)[1].split()
SCRIPT = re.search(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1]
NAMES = ("sub-01/anat/mr.nii.gz", "sub-02/mr.nii.gz", "sub-07/mr.nii.gz")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A tree of three cases, one truncated, and a model."""
    rng = np.random.default_rng(0)
    for name in NAMES:
        voxels = rng.integers(-900, 1500, (1, 8, 8, 8)).astype(np.int16)
        write_volume(Volume(voxels, np.diag([2.0, 2, 2, 1])), tmp_path / "inbox" / name)
    bad = tmp_path / "inbox" / NAMES[2]
    bad.write_bytes(bad.read_bytes()[:200])
    preparation = preparation_of()
    save_model(tmp_path / "model", tiny_regression(preparation), preparation, {})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def translated(*more):
    return run_command([*NIGHT, "-m", "model", "--device", "cpu", "--engine", "torch", *more])


def test_a_night_and_its_morning(place, capfd):
    assert translated() == 1
    out, err = capfd.readouterr()
    assert "2 translated, 0 done before, 1 failed" in out
    assert next(line for line in err.splitlines() if "error" in line).startswith("medtrans: error: inbox/sub-07/mr")
    assert re.search(r"^\d\d:\d\d:\d\d translating:   0% 1/3 sub-01/anat/mr$", err, re.MULTILINE)
    assert [(place / "outbox" / name).exists() for name in NAMES] == [True, True, False]
    night = (place / "night.log").read_text().splitlines()
    assert "begin: medtrans" in night[0]
    assert [line.split()[1] for line in night[1:-1]].count("ERROR") == 1
    assert translated() == 1, "the case that failed is tried again, and fails again"
    Path("accepted.txt").write_text("sub-07/mr\ttruncated on the scanner\n")
    assert translated("--accept-failed", "accepted.txt") == 0
    assert translated("--retry-failed") == 3
    (place / "inbox" / NAMES[2]).write_bytes((place / "inbox" / NAMES[1]).read_bytes())
    capfd.readouterr()
    assert translated("--retry-failed", "--accept-failed", "accepted.txt") == 0
    assert "take it out of accepted.txt" in capfd.readouterr().err
    assert len((place / "night.log").read_text().splitlines()) > len(night), "a night is appended to a night"


def test_the_script_of_the_page_does_the_same(place):
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    for handler in before:
        root.removeHandler(handler)
    try:
        found = {}
        exec(SCRIPT.replace("head-mr-to-ct", "model"), found)  # noqa: S102
    finally:
        for handler in root.handlers[:]:
            root.removeHandler(handler)
            handler.close()
        for handler in before:
            root.addHandler(handler)
        root.setLevel(logging.WARNING)
    assert found["failed"] == ["sub-07/mr"]
    assert sorted(path.name for path in Path("outbox").iterdir()) == ["ledger.jsonl", "sub-01", "sub-02"]
    assert "ERROR" in (place / "night.log").read_text()
