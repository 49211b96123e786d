"""A dry run foretells what a real run of the same volumes takes, and writes nothing."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from medtrans.batching.translate_files import translate_files
from medtrans.core.errors import UsageError
from medtrans.core.method import Task
from medtrans.core.volume import Volume
from medtrans.methods import load
from medtrans.models.folder import save_model
from medtrans.preparing.normalisation.percentiles import Percentiles
from medtrans.reading.volumes import write_volume
from medtrans.translating import forecast
from medtrans.translating.ensemble import Ensemble
from medtrans.translating.settings import TranslatingSettings
from medtrans.translating.translator import Identity, Translator
from tests.translating.stand_ins import ball, preparation_of, tiny_regression

FACTOR = 1.5
"""Between the foretold and the real time."""
WAYS = {
    "2.5D": ({"spatial_dims": 2, "slices": 5}, TranslatingSettings(), 1),
    "3D in windows": ({"spatial_dims": 3, "patch": (32, 32, 32)}, TranslatingSettings(window=(32, 32, 32), batch=1), 1),
    "two models": ({"spatial_dims": 2, "slices": 5}, TranslatingSettings(), 2),
}


def translator_of(preparing, settings, count=1):
    kind = load("regression")
    network = kind.Settings.from_dict({"generator": {"name": "unet", "channels": [16, 32, 32]}})
    preparation = preparation_of("MR", "CT", body_mask="otsu", source_normalisation=Percentiles(), **preparing)
    slices = preparing.get("slices", 1)
    task = Task(spatial_dims=preparing["spatial_dims"], source_channels=slices)
    members = [
        Translator(kind(task, network), preparation, settings, device="cpu", identity=Identity(f"m{n}", f"{n}"))
        for n in range(count)
    ]
    return members[0] if count == 1 else Ensemble(members)


def saved_ball(path, shape):
    voxels, _ = ball(shape, low=0)
    write_volume(Volume(np.abs(voxels).astype(np.int16), np.diag([2.0, 2.0, 2.0, 1.0])), path)
    return path


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_processor_time_and_windows_are_foretold(way, tmp_path, monkeypatch):
    preparing, settings, count = way
    source = saved_ball(tmp_path / "case.nii.gz", (96, 96, 64))
    translator = translator_of(preparing, settings, count)
    small = saved_ball(tmp_path / "small.nii.gz", (32, 32, 32))
    translate_files(small, tmp_path / "small_out.nii.gz", translator)  # What is imported and compiled once.
    before = sorted(tmp_path.iterdir())
    [foretold] = translate_files(source, tmp_path / "out.nii.gz", translator, dry_run=True)
    assert foretold.verdict == "foretold", foretold.message
    assert sorted(tmp_path.iterdir()) == before
    predicted = []
    for member in translator.members if count > 1 else [translator]:
        own = member.method.translate
        monkeypatch.setattr(
            member.method, "translate", lambda x, c=None, own=own: predicted.append(len(x)) or own(x, c)
        )
    began = time.process_time()
    [done] = translate_files(source, tmp_path / "out.nii.gz", translator)
    seconds = time.process_time() - began
    assert done.verdict == "done", done.message
    assert sum(one.windows for one in foretold.forecast.models) == sum(predicted)
    assert seconds / FACTOR < foretold.forecast.clocks.processor < seconds * FACTOR
    assert foretold.findings == done.findings


def test_a_stand_in_for_the_classes_is_reclassified_as_those_of_a_translation_are(tmp_path, monkeypatch):
    kind = load("regression")
    generator = {"name": "class_means", "network": {"channels": [4, 4]}, "means": [-1, -0.5, 0, 0.5]}
    method = kind(Task(spatial_dims=2), kind.Settings.from_dict({"generator": generator}))
    preparation = preparation_of("MR", "CT", body_mask="otsu", source_normalisation=Percentiles(), spatial_dims=2)
    translator = Translator(method, preparation, TranslatingSettings(reclassified=(1, 3)), device="cpu")
    given, own = [], forecast.reclassify
    monkeypatch.setattr(forecast, "reclassify", lambda made, *rest: given.append(made.voxels.shape) or own(made, *rest))
    source = saved_ball(tmp_path / "case.nii.gz", (32, 32, 24))
    [foretold] = translate_files(source, tmp_path / "out.nii.gz", translator, dry_run=True)
    assert foretold.verdict == "foretold", foretold.message
    assert given == [(3, 32, 32, 24)]
    [done] = translate_files(source, tmp_path / "out.nii.gz", translator)
    assert done.verdict == "done", done.message


def test_the_command_prints_the_forecast_and_leaves_the_folder_as_it_was(tmp_path):
    preparation = preparation_of("MR", "CT", body_mask="otsu", source_normalisation=Percentiles(), slices=3)
    save_model(tmp_path / "model", tiny_regression(preparation), preparation, {"name": "tiny"})
    folder = tmp_path / "in"
    folder.mkdir()
    saved_ball(folder / "a.nii.gz", (24, 24, 16))
    (folder / "b.nii.gz").write_bytes(b"no volume")
    words = ["translate", "-i", folder, "-o", tmp_path / "out", "-m", tmp_path / "model", "--dry-run"]
    command = [sys.executable, "-m", "medtrans", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
    assert done.returncode == 1
    assert "tiny" in done.stdout
    assert "24×24×16" in done.stdout
    assert "nothing was written" in done.stdout
    assert "b.nii.gz" in done.stderr
    assert not (tmp_path / "out").exists()
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, env=os.environ)
    [first, failed] = json.loads(done.stdout)
    assert first["forecast"]["models"][0]["window"] == [24, 24]
    assert first["forecast"]["gigabytes"] > 0.1
    assert failed["verdict"] == "failed"


def test_outputs_that_exist_are_named_before_anything_is_tried(tmp_path):
    source = saved_ball(tmp_path / "case.nii.gz", (8, 8, 8))
    translator = translator_of({"spatial_dims": 2, "slices": 5}, TranslatingSettings())
    with pytest.raises(UsageError, match="exists"):
        translate_files(source, saved_ball(tmp_path / "out.nii.gz", (8, 8, 8)), translator, dry_run=True)
