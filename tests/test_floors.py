"""Structure of the package: floors, lint, types, sizes of files and functions, and what may touch the process."""

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "medtrans").rglob("*.py"))
TOP_LEVEL = {"__init__.py", "runs.py", "catalogue.py", "doctor.py", "__main__.py"}
MAX_MEDIAN_LINES, MAX_FILE_LINES, MAX_FUNCTION_LINES = 80, 300, 40
PROCESS_MODULES = {"warnings", "signal"}
"""Modules that change the state of the process: only the command line may use them."""
PROCESS_CALLS = {"set_num_threads", "set_num_interop_threads", "catch_warnings", "filterwarnings", "simplefilter"}
NETWORK_MODULES = {"urllib", "http", "ftplib", "smtplib", "requests", "httpx", "aiohttp"}
SOCKET_NAMES = {"gethostname"}
"""What may be used of `socket`: it names this machine and opens no connection."""
HEAVY = ("torch", "monai", "matplotlib", "lightning_fabric", "torchio", "SimpleITK")


def trees():
    return {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}


def place(file, node):
    return f"{file.relative_to(ROOT)}:{node.lineno}"


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
def test_static_checks(command):
    arguments = [sys.executable, "-m", *command]
    if command[0] == "importlinter.cli":
        arguments = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])"]
    result = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_bare_gpu_machine_needs_neither_simpleitk_nor_torchio():
    script = """
import sys
sys.modules["SimpleITK"] = sys.modules["torchio"] = None
import medtrans.losses.adversarial, medtrans.training.loop, medtrans.models.folder, medtrans.translating.translator
from medtrans import methods, networks
[family.load(name) for family in (methods, networks) for name in family.names()]
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["check", "sub-00_T1.nii.gz"],
        ["evaluate", "--translated", "sub-00_CT.nii.gz", "--target", "sub-00_CT.nii.gz", "--preset", "synthrad2025"],
        ["evaluate", "--translated", "sub-00_T2.nii.gz", "--target", "sub-00_T2.nii.gz", "--preset", "mr-percentile"],
    ],
    ids=["check", "evaluate CT", "evaluate MR"],
)
def test_small_commands_start_without_torch(words):
    script = f"""
import sys
from medtrans.cli import main
sys.argv = ["medtrans", *{words!r}]
try:
    main()
except SystemExit as ended:
    print(ended.code, [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT / "sample_data", capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0 []", done.stdout + done.stderr


def test_check_and_evaluate_are_imported_without_pydantic():
    """The command line has it from typer."""
    script = "import sys, medtrans.stages.check, medtrans.stages.evaluate; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_at_most_five_single_files_at_the_top():
    assert {path.name for path in (ROOT / "medtrans").glob("*.py")} <= TOP_LEVEL


def test_files_are_short():
    lines = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert statistics.median(lines.values()) <= MAX_MEDIAN_LINES
    assert {file: count for file, count in lines.items() if count > MAX_FILE_LINES} == {}


def test_functions_are_short():
    """Lines of the body: the options of a command are its signature."""
    long = {
        f"{place(file, node)} {node.name}": length
        for file, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (length := node.end_lineno - node.body[0].lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_nothing_below_the_command_line_changes_the_process():
    found = [
        f"{place(file, node)} {name}"
        for file, tree in trees().items()
        if "cli" not in file.relative_to(ROOT).parts
        for node in ast.walk(tree)
        for name in process_state(node)
    ]
    assert found == []


def process_state(node):
    """Names by which a node reaches state that the whole process shares."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names if alias.name.partition(".")[0] in PROCESS_MODULES]
    if isinstance(node, ast.ImportFrom):
        return [node.module] if node.module in PROCESS_MODULES else []
    if isinstance(node, ast.Attribute):
        return [node.attr] if node.attr in PROCESS_CALLS else []
    return []


def test_no_module_opens_a_connection():
    found = []
    for file, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {"http"} if node.module == "socket" else {(node.module or "").partition(".")[0]}
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "socket":
                names = set() if node.attr in SOCKET_NAMES else {"http"}
            else:
                continue
            found += [place(file, node)] if names & NETWORK_MODULES else []
    assert found == []


def test_no_helper_rooms():
    words = {"utils", "helpers", "common", "misc", "base"}
    assert [str(file) for file in FILES if words & {file.stem.strip("_"), *file.relative_to(ROOT).parts}] == []
