"""The page "From your folder to a model" is walked: its commands in order, on the sample data under other names."""

import re
import shlex

import pytest

from medtrans.catalogue import pipelines_folder
from medtrans.cli import run_command
from medtrans.reading.volumes import read_volume
from medtrans.recipe import load_recipe
from tests.docs.test_docs import ROOT, commands, text_of

PAGE = ROOT / "docs" / "your_folder.md"
SMALL = [
    "method.generator.channels=[4, 8]",
    "preparing.patch=[16, 16]",
    "training.steps=2",
    "training.batch=2",
    "training.device=cpu",
    "training.minutes=null",
    "evaluating.report_cases=0",
]
"""Changes with which a step takes a moment; after the page's own."""
LONGER = ["training.steps=3", *(change for change in SMALL if "steps" not in change)]
TRAINING = ("check", "run")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of images as SynthRAD has them."""
    samples = pipelines_folder().parent / "sample_data"
    for number in range(6):
        for name, sample in (("mr", "T1"), ("ct", "CT"), ("mask", "mask")):
            path = tmp_path / "images" / f"0{number}" / f"{name}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((samples / f"sub-0{number}_{sample}.nii.gz").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def walk(command):
    """Run a command of the page, with a small network."""
    words = shlex.split(command.replace("mr.mha", "mr.nii.gz"))
    if words[0] in TRAINING:
        changes = LONGER if "--continue" in words else SMALL
        if "method=cyclegan" in words:
            changes = [change for change in changes if "channels" not in change]
            changes += ["method.generator={filters: 4, blocks: 1}", "method.discriminator={filters: 4}"]
        words += [word for change in changes for word in ("--set", change)]
        words += ["--threads", "1"]
    assert run_command(words) == 0, command


def commands_of_the_page():
    lines = re.findall(r"^    medtrans (.*)$", text_of(PAGE), re.MULTILINE)
    assert set(lines) <= {line.strip() for line in commands(text_of(PAGE))} | set(lines)
    return [line for line in lines if not line.startswith("error")]


def test_from_a_folder_to_a_model(folder, capsys):
    """Those at the top of the page."""
    first = commands_of_the_page()[:4]
    assert [line.partition(" ")[0] for line in first] == ["init", "check", "run", "run"]
    for command in first:
        walk(command)
    out = capsys.readouterr().out
    assert "task: mri-to-ct" in out
    assert "4 train, 1 validation, 1 test; 6 subjects" in out
    assert (folder / "runs" / "mri_to_ct" / "report.html").is_file()
    assert (folder / "trial" / "model" / "config.json").is_file()


@pytest.mark.slow
def test_the_whole_page(folder, capsys):
    for command in commands_of_the_page():
        if ">" in command:
            assert run_command(["schema"]) == 0
        else:
            walk(command + (" --overwrite" if command.startswith("init") and (folder / "recipe.yaml").exists() else ""))
    capsys.readouterr()
    run = folder / "runs" / "mri_to_ct"
    assert load_recipe(run / "recipe.yaml").training.steps == 3
    assert (folder / "runs" / "finer" / "report.html").is_file()
    assert read_volume(folder / "ct.nii.gz").voxels.dtype.name == "int16"
