"""The house stands: floors, lint and types, checked where everyone runs the tests."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command",
    [
        ["importlinter.cli", "lint"],
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
    ],
    ids=["floors", "lint", "format", "types"],
)
def test_the_house_stands(command):
    arguments = [sys.executable, "-m", *command]
    if command[0] == "importlinter.cli":
        arguments = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])"]
    result = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_bare_gpu_machine_needs_neither_simpleitk_nor_torchio():
    script = """
import sys
sys.modules["SimpleITK"] = sys.modules["torchio"] = None
import medtrans.networks._settings, medtrans.losses.adversarial, medtrans.training.loop, medtrans.translating.translator
from medtrans.methods import load, names
[load(name) for name in names()]
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
