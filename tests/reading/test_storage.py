import os
import signal
import subprocess
import sys
import time

import pytest

from medtrans.core.errors import EnvironmentRefused, InputRefused, UsageError
from medtrans.reading.storage import read_bytes, sha256, write_atomically

FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from medtrans.core.errors import EnvironmentRefused
from medtrans.reading.storage import write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_atomically(Path(sys.argv[1]), b"n" * 1_000_000)
except EnvironmentRefused as reason:
    print(reason)
"""

WRITE_FOR_EVER = """
import sys
from pathlib import Path
from medtrans.reading.storage import write_atomically
while True:
    for letter in (b"a", b"b"):
        write_atomically(Path(sys.argv[1]), letter * 3_000_000)
"""


def test_a_full_disk_leaves_the_older_file_and_nothing_else(tmp_path):
    path = tmp_path / "out.nii.gz"
    path.write_bytes(b"older")
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True)
    assert "File too large" in done.stdout, done.stderr
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_killed_while_writing_the_file_is_whole(tmp_path):
    path = tmp_path / "out.bin"
    for wait in (0.05, 0.11, 0.17, 0.23, 0.31):
        writer = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(path)])
        deadline = time.monotonic() + 30
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(wait)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        data = path.read_bytes()
        assert len(data) == 3_000_000
        assert len(set(data)) == 1


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentRefused, match="another folder"):
        write_atomically(tmp_path / "file" / "out", b"x")


def test_an_existing_file_is_replaced_only_on_request(tmp_path):
    (tmp_path / "f").write_bytes(b"older")
    with pytest.raises(UsageError, match="exists already"):
        write_atomically(tmp_path / "f", b"", overwrite=False)
    write_atomically(tmp_path / "f", b"newer")
    assert (tmp_path / "f").read_bytes() == b"newer"


def test_bytes_are_read_up_to_a_limit(tmp_path):
    (tmp_path / "f").write_bytes(b"12345")
    assert read_bytes(tmp_path / "f", 5) == b"12345"
    with pytest.raises(InputRefused, match="at most 4"):
        read_bytes(tmp_path / "f", 4)


def test_the_hash_is_that_of_the_bytes(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256(tmp_path / "f").startswith("ba7816bf8f01cfea")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (".git/annex/objects/Xk/1w/MD5E-s9--a.nii.gz/MD5E-s9--a.nii.gz", "content that was not fetched.*datalad get"),
        ("../.git/annex/objects/MD5E-s9--a.nii.gz", "content that was not fetched"),
        ("elsewhere.nii.gz", "is a link to elsewhere.nii.gz, which does not exist"),
    ],
)
def test_a_link_that_leads_nowhere_is_told_from_a_missing_file(target, message, tmp_path):
    (tmp_path / "v.nii.gz").symlink_to(target)
    with pytest.raises(InputRefused, match=message):
        sha256(tmp_path / "v.nii.gz")
    with pytest.raises(InputRefused, match="does not exist"):
        sha256(tmp_path / "w.nii.gz")
