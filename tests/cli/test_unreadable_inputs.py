"""One exit code for one kind of trouble, in every verb: docs/getting_started.md, "Exit codes"."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from medtrans.cli import COMMANDS
from medtrans.core.errors import EnvironmentRefused, InputRefused, ModelRefused
from medtrans.reading.formats import nifti
from tests.cli.verbs import make_inputs, of_files, of_folders, of_models, run, write_recipe

REFUSED, MODEL, ENVIRONMENT = (kind.exit_code for kind in (InputRefused, ModelRefused, EnvironmentRefused))
WITHOUT_INPUT = {"schema", "serve", "demo", "list", "doctor", "benchmark"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = make_inputs(tmp_path_factory.mktemp("inputs"))
    write_recipe(folder, "a.nii.gz")
    return folder


def truncated(path):
    raw = gzip.compress(np.random.default_rng(0).bytes(4000))
    path.write_bytes(raw[:2000])


def cut_volume(path):
    path.write_bytes((path.parent / "a.nii.gz").read_bytes()[:1500])


FILES = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "not a volume": lambda path: path.write_bytes(b"no image, but a text that is long enough for a header " * 20),
    "truncated stream": truncated,
    "truncated volume": cut_volume,
    "a folder of that name": lambda path: path.mkdir(),
    "a link to nothing": lambda path: path.symlink_to("gone.nii.gz"),
    "a link to content that was not fetched": lambda path: path.symlink_to(".git/annex/objects/x.nii.gz"),
    "a pointer of git-lfs": lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n" * 20),
}
FOLDERS = {
    "missing": lambda path: None,
    "empty": lambda path: path.mkdir(),
    "of other files": lambda path: (path.mkdir(), (path / "notes.txt").write_text("no image")),
    "a file": lambda path: path.write_text("no folder"),
}
MODELS = {
    "missing": lambda path: None,
    "empty": lambda path: path.mkdir(),
    "damaged": lambda path: (path.mkdir(), (path / "config.json").write_text("{")),
}


def remove(path):
    if path.is_dir() and not path.is_symlink():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


@pytest.fixture
def path(inputs):
    yield inputs / "x.nii.gz"
    remove(inputs / "x.nii.gz")


def refused(words, code, path, capfd):
    """One sentence with the name of what is refused, and no traceback."""
    found, out, err = run(words, capfd)
    assert found == code, err
    assert "Traceback" not in out + err
    assert path.name in out + err


def names(roles):
    return list(roles(Path("x"), Path("x")))


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("role", names(of_files))
def test_a_file_that_is_no_volume_is_refused(role, kind, inputs, path, capfd):
    FILES[kind](path)
    write_recipe(inputs, path.name)
    refused(of_files(inputs, path)[role], REFUSED, path, capfd)


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize("role", names(of_folders))
def test_a_folder_without_volumes_is_refused(role, kind, inputs, capfd):
    path = inputs / "x"
    FOLDERS[kind](path)
    try:
        refused(of_folders(inputs, path)[role], REFUSED, path, capfd)
    finally:
        remove(path)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("role", names(of_models))
def test_a_folder_that_is_no_model_is_refused_as_a_model(role, kind, inputs, capfd):
    path = inputs / "x"
    MODELS[kind](path)
    try:
        refused(of_models(inputs, path)[role], MODEL, path, capfd)
    finally:
        remove(path)


@pytest.mark.parametrize("role", names(of_files))
def test_a_file_that_may_not_be_read_is_an_error_of_the_environment(role, inputs, path, capfd, monkeypatch):
    path.write_bytes((inputs / "a.nii.gz").read_bytes())
    write_recipe(inputs, path.name)
    plain = Path.open

    def guarded(file, *options, **more):
        if file.name == path.name:
            raise PermissionError(13, "Permission denied", str(file))
        return plain(file, *options, **more)

    monkeypatch.setattr(Path, "open", guarded)
    refused(of_files(inputs, path)[role], ENVIRONMENT, path, capfd)


@pytest.mark.parametrize("role", [name for name in names(of_folders) if name != "compare"])
def test_a_folder_that_may_not_be_listed_is_an_error_of_the_environment(role, inputs, capfd, monkeypatch):
    path = inputs / "x"
    path.mkdir()

    def guarded(plain):
        def listed(folder="."):
            if str(folder) == str(path):
                raise PermissionError(13, "Permission denied", str(folder))
            return plain(folder)

        return listed

    for name in ("listdir", "scandir"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))
    try:
        refused(of_folders(inputs, path)[role], ENVIRONMENT, path, capfd)
    finally:
        monkeypatch.undo()
        remove(path)


@pytest.mark.parametrize("role", names(of_files))
def test_want_of_memory_while_reading_is_an_error_of_the_environment(role, inputs, path, capfd, monkeypatch):
    path.write_bytes((inputs / "a.nii.gz").read_bytes())
    write_recipe(inputs, path.name)
    plain = nifti.read

    def guarded(file):
        if file.name == path.name:
            raise MemoryError
        return plain(file)

    monkeypatch.setattr(nifti, "read", guarded)
    refused(of_files(inputs, path)[role], ENVIRONMENT, path, capfd)


def test_every_verb_that_takes_an_input_is_here():
    roles = [*names(of_files), *names(of_folders), *names(of_models)]
    assert {role.split()[0].rstrip(",") for role in roles} == set(COMMANDS) - WITHOUT_INPUT
