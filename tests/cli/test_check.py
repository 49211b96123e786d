"""`medtrans check` as a command: exit codes, and names printed safely."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from medtrans.core.volume import Volume
from medtrans.reading.volumes import write_volume

HEAD = Volume(np.random.default_rng(0).integers(1, 999, (1, 6, 7, 8)).astype(np.int16), np.diag([2.0, 2, 2, 1]))
WITHOUT_RIGHTS = hasattr(os, "geteuid") and os.geteuid() != 0


def checked(*arguments):
    command = [sys.executable, "-m", "medtrans", "check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def test_names_of_files_cannot_steer_the_terminal(tmp_path):
    names = ["\x1b[2J\x1b[31mevil\n.nii.gz", "a\rb\u202e.nii.gz"]
    for name in names:
        (tmp_path / name).write_bytes(b"rubbish")
    done = checked(tmp_path)
    assert done.returncode == 3
    printed = done.stdout + done.stderr
    assert not {"\x1b", "\r", "\u202e"} & set(printed)
    assert len(done.stdout.splitlines()) == 2
    assert r"\x1b[2J\x1b[31mevil\n.nii.gz" in printed
    findings = json.loads(checked("--json", tmp_path).stdout)
    assert {finding["where"] for finding in findings} == {str(tmp_path / name) for name in names}


def test_one_bad_file_does_not_hide_the_others(tmp_path):
    write_volume(HEAD, tmp_path / "good.nii.gz")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "bad.nii.gz").write_bytes(b"rubbish")
    (tmp_path / "deep" / "er" / "gone.nii.gz").symlink_to("../.git/annex/objects/MD5E-s1--gone.nii.gz")
    (tmp_path / "deep" / "loop").symlink_to(tmp_path)
    done = checked(tmp_path)
    assert done.returncode == 3
    assert [line.split(": ")[0].rsplit("/")[-1] for line in done.stdout.splitlines()] == ["bad.nii.gz", "gone.nii.gz"]
    assert "content that was not fetched" in done.stdout


LIMITED = """
import resource, sys
import medtrans.cli, medtrans.stages.check, medtrans.reading.formats
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = ["medtrans", "check", sys.argv[2]]
medtrans.cli.main()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of the address space are those of Linux")
def test_a_volume_that_does_not_fit_in_memory_is_an_error_of_the_environment(tmp_path):
    path = tmp_path / "large.nii"
    write_volume(HEAD, path)
    raw = bytearray(path.read_bytes()[:352])
    raw[40:56] = np.array([3, 1024, 1024, 800, 1, 1, 1, 1], "<i2").tobytes()
    with path.open("wb") as file:
        file.write(raw)
        os.truncate(file.fileno(), 352)
        file.write(os.urandom(1 << 12) * (1 << 11))
    size = 352 + 2 * 1024 * 1024 * 800
    os.truncate(path, size)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(2 << 30), str(path)], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 5, done.stdout + done.stderr
    assert "large.nii: needs 3.4 GB of memory for 1.7 GB of voxels" in done.stdout
