"""Trainings, runs and the heads of the demo are killed, their disk filled or broken, at every change of their folder.

Afterwards the same command resumes bit for bit, and leaves nothing else.
"""

import shutil

import pytest

from medtrans.stages import demo
from tests.hostile.commands import assert_told, command, restored
from tests.hostile.faults import every_fault
from tests.hostile.saved_files import contents, files, holds, strays

pytestmark = [pytest.mark.hostile, pytest.mark.usefixtures("plain_pages")]


def assert_resumes(verb, recipe, state, clean, root, capsys, codes):
    expected, count = contents(clean), 0
    again = [verb, recipe, "--folder", root / "run"]
    for fault, outcome in every_fault(root, lambda: command(*again), lambda: restored(root, state)):
        count += 1
        assert_told(outcome, fault, capsys, codes)
        for path in files(root).values():
            holds(path)
        assert command(*again) == 0, fault
        assert contents(root / "run") == expected, fault
        assert not strays(root), fault
    return count


def test_a_training_resumes_bit_for_bit_after_every_fault(inputs, tmp_path, capsys, record_property):
    recipe, clean = inputs / "cohort" / "recipe.yaml", tmp_path / "clean"
    assert command("train", recipe, "--folder", clean) == 0
    count = assert_resumes("train", recipe, None, clean, tmp_path / "root", capsys, (0, 5))
    record_property("hostile", f"train: {count} kills and disk faults, all resumed bit for bit")


def test_a_run_resumes_bit_for_bit_after_every_fault_behind_its_training(inputs, tmp_path, capsys, record_property):
    """A test case that could not be written has exit code 1, and is named."""
    recipe, state, clean = inputs / "cohort" / "recipe.yaml", tmp_path / "state", tmp_path / "clean"
    assert command("train", recipe, "--folder", state / "run") == 0
    restored(clean, state)
    assert command("run", recipe, "--folder", clean / "run") == 0
    count = assert_resumes("run", recipe, state, clean / "run", tmp_path / "root", capsys, (0, 1, 5))
    record_property("hostile", f"run of a trained model: {count} kills and disk faults, all resumed bit for bit")


def test_the_heads_of_the_demo_are_completed_after_every_fault(tmp_path, monkeypatch, record_property):
    for name, value in {"HEADS": 2, "SHAPE": (16, 18, 16), "SPACING": 12.0, "run": lambda *_, **__: True}.items():
        monkeypatch.setattr(demo, name, value)
    demo.demo(tmp_path / "clean")
    expected, root, count = contents(tmp_path / "clean"), tmp_path / "root", 0
    for fault, _ in every_fault(root, lambda: demo.demo(root), lambda: restored(root, None)):
        count += 1
        assert all(expected[name] == value for name, value in contents(root).items()), fault
        demo.demo(root)
        assert contents(root) == expected, fault
        assert not strays(root), fault
    shutil.rmtree(root)
    record_property("hostile", f"heads of the demo: {count} kills and disk faults")
