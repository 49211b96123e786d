import subprocess
import sys
import time

import pytest

from medtrans.core.errors import EnvironmentRefused
from medtrans.reading.locks import locked

HOLD = """
import sys, time
from pathlib import Path
from medtrans.reading.locks import locked
with locked(Path(sys.argv[1]), "is busy", "wait"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(path, seconds):
    child = subprocess.Popen([sys.executable, "-c", HOLD, path, str(seconds)], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"held\n"
    return child


def test_a_second_process_is_refused_by_name_until_the_first_is_dead(tmp_path):
    child = hold(tmp_path / ".lock", 60)
    with (
        pytest.raises(EnvironmentRefused, match=rf"is busy \(process {child.pid} on .*\); wait"),
        locked(tmp_path / ".lock", "is busy", "wait"),
    ):
        pass
    child.kill()
    child.communicate()
    with locked(tmp_path / ".lock", "is busy", "wait"):
        pass


def test_a_short_lock_is_waited_for(tmp_path):
    child = hold(tmp_path / ".lock", 0.3)
    began = time.monotonic()
    with locked(tmp_path / ".lock", "is busy", "wait", wait_seconds=30):
        assert time.monotonic() - began < 20
    child.communicate()


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("kept")
    (tmp_path / ".lock").symlink_to(tmp_path / "precious")
    with pytest.raises(EnvironmentRefused), locked(tmp_path / ".lock", "is busy", "wait"):
        pass
    assert (tmp_path / "precious").read_text() == "kept"
