import getpass
import platform
import subprocess
import sys

import numpy
import pytest

from medtrans.reporting.provenance import command, provenance, version, without_folders


def test_versions_and_machine_are_recorded():
    found = provenance()
    assert found["software"]["numpy"] == numpy.__version__
    assert found["software"]["python"] == platform.python_version()
    assert found["machine"]["architecture"] == platform.machine()


def test_neither_host_nor_user_nor_folders_are_recorded(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["/usr/local/bin/medtrans", "run", "/home/ada/secret/recipe.yaml"])
    recorded = str(provenance())
    assert platform.node() not in recorded
    assert "ada" not in recorded
    assert getpass.getuser() not in recorded
    assert provenance()["command"] == "medtrans run …/recipe.yaml"


def test_what_is_not_installed_is_absent():
    assert version("no-such-package-at-all") == "absent"


def test_provenance_imports_neither_torch_nor_monai():
    script = (
        "import sys; from medtrans.reporting.provenance import provenance; provenance();"
        "sys.exit('torch' in sys.modules or 'monai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        ("/data/ada/cases/a.nii", "…/a.nii"),
        ("root: /data/my cases/x\nname: y", "root: …/x\nname: y"),
        ("/a/b/c.nii: has nan; see '/d/e/f'", "…/c.nii: has nan; see '…/f'"),
        ("C:\\Users\\ada\\x.nii", "…/x.nii"),
        ("--output=/a/b/c", "--output=…/c"),
        ("cases/sub-01/t1.nii.gz", "cases/sub-01/t1.nii.gz"),
        ("https://doi.org/10.1002/mp.16529", "https://doi.org/10.1002/mp.16529"),
        ("10 log10(Q²/MSE), 1/2 and 3 / 4", "10 log10(Q²/MSE), 1/2 and 3 / 4"),
    ],
)
def test_folders_of_absolute_paths_are_left_out(text, shortened):
    assert without_folders(text) == shortened


def test_the_users_own_folder_is_a_tilde(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert without_folders("root: /home/ada") == "root: ~"
    monkeypatch.setenv("HOME", "/")
    assert without_folders("a/b") == "a/b"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/x/medtrans", "demo"], "medtrans demo"),
        (["/x/__main__.py", "demo"], "python -m medtrans demo"),
        ([], "python"),
    ],
)
def test_the_command_is_what_was_typed(arguments, words):
    assert command(arguments) == words
