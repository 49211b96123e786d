"""A translation is killed, and its disk filled, at every single change of its folder."""

import json
import shutil

import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.reading.storage import sha256
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.translator import Identity
from tests.batching.outcomes import verdicts
from tests.hostile.faults import every_fault
from tests.translating.stand_ins import Same, ball, oblique, save_nifti, translator_of

pytestmark = pytest.mark.hostile
ONE, OTHER = (translator_of(Same(), identity=Identity("toy", name)) for name in "ab")
BOTH = Ensemble([ONE, OTHER])


@pytest.fixture
def cases(tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    for number in range(2):
        save_nifti(folder / f"sub-{number}.nii.gz", ball((9, 8, 7), seed=number)[0], oblique())
    return folder


def assert_consistent(out):
    """A sidecar lies only beside the volumes that it describes; a deviation only beside its translation."""
    for path in out.glob("*.json"):
        facts = json.loads(path.read_text())
        assert sha256(out / facts["output"]["file"]) == facts["output"]["sha256"]
        deviation = facts["uncertainty"]
        assert (out / f"{path.stem}_std.nii.gz").exists() == bool(deviation)
        assert not deviation or sha256(out / deviation["file"]) == deviation["sha256"]


def content(folder):
    return {path.name: sha256(path) for path in folder.iterdir() if path.suffix == ".gz"}


@pytest.mark.parametrize("before", [None, ONE, BOTH], ids=["new", "one", "both"])
@pytest.mark.parametrize("translator", [OTHER, BOTH], ids=["to one", "to both"])
def test_after_every_fault_files_are_whole_pairs_agree_and_resuming_completes(cases, tmp_path, before, translator):
    root, old, clean = tmp_path / "work", tmp_path / "old", tmp_path / "clean"
    translate_files(cases, clean, translator)
    if before:
        translate_files(cases, old, before)
    known = set(content(clean).values()) | (set(content(old).values()) if before else set())
    sources = content(cases)

    def prepare():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        if before:
            shutil.copytree(old, root / "out")

    def command():
        return translate_files(cases, root / "out", translator, overwrite=before is not None)

    faults = 0
    for fault, _ in every_fault(root, command, prepare):
        faults += 1
        if (root / "out").is_dir():
            assert_consistent(root / "out")
            assert set(content(root / "out").values()) <= known, fault
        outcomes = translate_files(cases, root / "out", translator, resume=True)
        assert set(verdicts(outcomes)) <= {"done", "skipped"}, (fault, [outcome.message for outcome in outcomes])
        assert content(root / "out") == content(clean), fault
        assert_consistent(root / "out")
        assert verdicts(translate_files(cases, root / "out", translator, resume=True)) == ["skipped"] * 2, fault
        assert not list((root / "out").glob(".*")), fault
    assert faults > 100
    assert content(cases) == sources
