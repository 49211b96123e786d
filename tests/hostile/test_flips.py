"""Bits of every file of a run are flipped: what reads it back refuses with its name, or gives the same values."""

import functools
import shutil

import numpy as np
import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import MedtransError
from medtrans.models.folder import load_model
from medtrans.preparing.cache import cached
from medtrans.reading.sidecars import read_sidecar
from medtrans.reading.storage import sha256
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from medtrans.runs import RunFolder
from medtrans.stages._evaluation_files import read_evaluation
from medtrans.stages._preparation_file import load_preparation
from medtrans.stages.compare import compare
from medtrans.stages.degrade import degrade
from medtrans.training.checkpoint import load_checkpoint
from medtrans.translating.translator import Translator
from tests.hostile.commands import cohort, command
from tests.hostile.saved_files import plain

pytestmark = pytest.mark.hostile
FLIPS = 25
"""A file of each kind; with all kinds of files more than 200."""
BLUR = ["--with", "blur", "--modality", "MR"]
NOT_READ_BACK = ("blurred.nii.gz", "scores.csv", "tables.tex", "report.html", "MODEL_CARD.md", ".lock")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run, and another beside it, with which it is compared."""
    folder = tmp_path_factory.mktemp("runs")
    recipe = cohort(folder / "cohort")
    assert command("run", recipe, "--folder", folder / "one") == 0
    assert (
        command("degrade", "-i", folder / "cohort/cases/sub-2_T1.nii.gz", "-o", folder / "one/blurred.nii.gz", *BLUR)
        == 0
    )
    shutil.copytree(folder / "one", folder / "two")
    return RunFolder(folder / "one")


def compared(run):
    """What `compare` says about a run and another."""
    return compare([run.path, run.path.with_name("two")]).to_dict()


@functools.cache
def training_of(path):
    """Training cases and preparation of a run."""
    run = RunFolder(path)
    return [case for case in load_recipe(run.recipe).cases() if case.split == "train"], load_preparation(run)


def voxels_of_cache(run):
    """The volumes of a training: a damaged entry is made again from its case."""
    pairs = cached(*training_of(run.path), run.cache)
    return [(side.voxels.tobytes(), side.mask.tobytes(), side.background) for pair in pairs for side in pair]


def translated_again(run):
    """The translations after resuming: what the ledger does not prove is made again."""
    case = next(case for case in load_recipe(run.recipe).cases() if case.split == "test")
    translator = Translator.load(run.model, device="cpu")
    translate_files([case.sources], run.translations, translator, names=[case.name], resume=True, overwrite=True)
    return sha256(run.translation(case.name))


def model(run):
    method, preparation, config = load_model(run.model)
    return plain(method.state_dict()), preparation.to_dict(), config


def replayed(run):
    """The image that the record of a degradation gives."""
    out = run.path.with_name("replayed.nii.gz")
    source = run.path.with_name("cohort") / "cases" / "sub-2_T1.nii.gz"
    degrade(source, out, [], modality="MR", replay=run.path / "blurred.json", overwrite=True)
    return read_volume(out).voxels.tobytes()


READERS = {
    "model/*": model,
    "cache/*": voxels_of_cache,
    "preparation.json": lambda run: load_preparation(run).to_dict(),
    "checkpoints/*": lambda run: plain(load_checkpoint(run.checkpoint)),
    "scores.json": lambda run: read_evaluation(run).to_dict(),
    "journal.csv": compared,
    "recipe.yaml": compared,
    "translations/*.nii.gz": lambda run: read_volume(run.translation("sub-2")).voxels.tobytes(),
    "translations/*.json": lambda run: read_sidecar(run.translations / "sub-2.json"),
    "translations/ledger.jsonl": translated_again,
    "blurred.json": replayed,
}
"""Files of a run, and what reads them back."""


def files_of(run, pattern):
    return [path for path in sorted(run.path.glob(pattern)) if path.name not in NOT_READ_BACK and path.is_file()]


def test_every_file_that_is_read_back_is_among_them(run):
    known = {path for pattern in READERS for path in files_of(run, pattern)}
    others = {path.name for path in run.path.rglob("*") if path.is_file()} - {path.name for path in known}
    assert others <= set(NOT_READ_BACK)


@pytest.mark.parametrize("pattern", READERS)
def test_a_flipped_bit_is_refused_by_name_or_changes_nothing(run, pattern, tmp_path, record_property):
    read, counts = READERS[pattern], {"refused": 0, "unchanged": 0}
    expected = read(run)
    for path in files_of(run, pattern):
        sound = path.read_bytes()
        positions = np.random.default_rng(len(sound)).choice(8 * len(sound), FLIPS, replace=False)
        for position in positions.tolist():
            data = bytearray(sound)
            data[position // 8] ^= 1 << position % 8
            path.write_bytes(bytes(data))
            try:
                same, message = read(run) == expected, ""
            except MedtransError as reason:
                same, message = True, str(reason)
            finally:
                path.write_bytes(sound)
            assert same, f"{path.name}: bit {position} flipped, {sound[position // 8 - 9 : position // 8 + 9]}"
            assert not message or path.name in message, message
            assert "\n" not in message
            counts["refused" if message else "unchanged"] += 1
    assert sum(counts.values()) >= FLIPS
    record_property("hostile", f"{pattern}: {sum(counts.values())} flipped bits, {counts}, none changed a result")
