import ast
from pathlib import Path

import pytest

import medtrans
from medtrans.core.errors import EnvironmentRefused
from medtrans.reading.memory import memory_errors

WANTS = [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")]
WANTS += [
    RuntimeError("DefaultCPUAllocator: not enough memory"),
    RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
]
CATCHES_ALL = {
    "cli/__init__.py": "the exit code of every error",
    "batching/translate_case.py": "failed_outcome asks is_out_of_memory",
    "batching/forecast_case.py": "failed_outcome asks is_out_of_memory",
    "core/registry.py": "an error of the environment, with its reason",
    "training/processes.py": "an error of the environment, with its reason",
    "reporting/provenance.py": "Path.home alone",
    "preparing/registration/transform_file.py": "an error of the environment, with its file",
    "stages/check.py": "inside memory_errors",
    "cli/worker.py": "the exit code of every error",
    "serving/jobs.py": "cleared, and raised again",
    "batching/executors/dask.py": "an error of the environment, with its cluster",
}
"""Files that catch what want of memory raises, and what becomes of it there."""


@pytest.mark.parametrize("reason", WANTS)
def test_want_of_memory_is_an_error_of_the_environment_with_a_name(reason):
    with pytest.raises(EnvironmentRefused, match=r"^sub-0: does not fit into memory; "), memory_errors("sub-0"):
        raise reason


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="sizes"), memory_errors("sub-0"):
        raise RuntimeError("sizes of tensors differ")


def test_no_handler_takes_want_of_memory_for_another_error():
    folder = Path(medtrans.__file__).parent
    wide = {"Exception", "BaseException", "MemoryError", "RuntimeError"}
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                kinds = {one.id for one in ast.walk(node.type) if isinstance(one, ast.Name)} if node.type else wide
                if kinds & wide and "is_out_of_memory" not in ast.unparse(node):
                    found.add(str(path.relative_to(folder)))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
                assert not wide & {ast.unparse(kind) for kind in node.args}, path
    assert found == CATCHES_ALL.keys()
