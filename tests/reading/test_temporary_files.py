import errno
import os
import signal
import stat
import subprocess
import sys

import pytest

from medtrans.batching.staging import staged
from medtrans.core.errors import EnvironmentRefused, UsageError
from medtrans.reading import storage
from medtrans.reading.locks import locked
from medtrans.reading.storage import write_atomically
from medtrans.reading.temporary_files import FOLDER_PREFIX, remove_strays, temporary_file, temporary_folder

HOLD = """
import sys
from pathlib import Path
from medtrans.batching.staging import staged
from medtrans.reading.locks import locked
from medtrans.reading.temporary_files import temporary_file, temporary_folder
with temporary_file(Path(sys.argv[1])) as (path, file), temporary_folder() as folder:
    (folder / "voxels.npz").write_bytes(b"private")
    print(path, folder, sep="\\n", flush=True)
    sys.stdin.read()
"""


def held(folder):
    environment = {**os.environ, "TMPDIR": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    return process, [process.stdout.readline().strip() for _ in range(2)]


def test_what_a_killed_process_left_is_removed_at_the_next_start_and_nothing_of_a_live_one(tmp_path, monkeypatch):
    process, paths = held(tmp_path)
    assert remove_strays(tmp_path) == 0
    assert all(map(os.path.exists, paths)), "its process lives"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    second, others = held(tmp_path)
    assert not any(map(os.path.exists, paths)), "the next process removes them"
    assert all(map(os.path.exists, others))
    second.communicate()
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_that_look_alike_are_left(tmp_path):
    target = tmp_path / "precious"
    target.write_text("x")
    (tmp_path / ".0123456789ab.part").symlink_to(target)
    (tmp_path / ".0123456789ab.part.nii").write_text("x")
    (tmp_path / "0123456789ab.part").write_text("x")
    assert remove_strays(tmp_path) == 0
    assert len(list(tmp_path.iterdir())) == 4
    assert target.read_text() == "x"


def test_strays_are_removed_where_the_system_does_not_number_its_users(tmp_path, monkeypatch):
    (tmp_path / ".0123456789ab.part").write_text("x")
    monkeypatch.delattr(os, "getuid")
    assert remove_strays(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_never_opened(tmp_path, monkeypatch):
    target = tmp_path / "target"
    target.write_text("x")
    names = iter(["a" * 12, "b" * 12, "c" * 12])
    monkeypatch.setattr("secrets.token_hex", lambda _: next(names))
    (tmp_path / f".{'a' * 12}.part").symlink_to(target)
    with temporary_file(tmp_path) as (path, file):
        file.write(b"y")
        assert path.name == f".{'b' * 12}.part"
    assert target.read_text() == "x"


@pytest.mark.parametrize("length", [1, 200, 247, 255])
def test_the_name_of_an_output_may_be_as_long_as_the_system_allows(length, tmp_path):
    path = tmp_path / ("n" * length)
    write_atomically(path, b"x")
    assert path.read_bytes() == b"x"
    assert list(tmp_path.iterdir()) == [path]


def test_a_longer_name_is_refused_with_advice(tmp_path):
    with pytest.raises(EnvironmentRefused, match="shorter name"):
        write_atomically(tmp_path / ("n" * 256), b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_permissions_of_a_replaced_file_stay_and_nobody_reads_it_meanwhile(mode, tmp_path, monkeypatch):
    path = tmp_path / "ledger"
    path.write_bytes(b"older")
    path.chmod(mode)
    meanwhile = []
    write = storage._write_flushed

    def watched(file, data):
        meanwhile.append(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        write(file, data)

    monkeypatch.setattr(storage, "_write_flushed", watched)
    write_atomically(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert meanwhile == [0o600]


def test_a_new_file_gets_the_permissions_of_the_umask(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    write_atomically(tmp_path / "new", b"x")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_as_an_output_is_replaced_only_on_request_and_its_target_never(dangling, tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    if not dangling:
        target.write_bytes(b"precious")
    link.symlink_to(target)
    with pytest.raises(UsageError, match="--overwrite"):
        write_atomically(link, b"x", overwrite=False)
    assert link.is_symlink()
    write_atomically(link, b"newer")
    assert not link.is_symlink()
    assert link.read_bytes() == b"newer"
    write_atomically(tmp_path / "plain", b"x")
    assert link.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert target.exists() is not dangling
    assert dangling or target.read_bytes() == b"precious"


def test_a_temporary_folder_is_named_for_its_program_and_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with temporary_folder() as folder:
        assert folder.name.startswith(FOLDER_PREFIX)
        (folder / "file").write_text("x")
    assert list(tmp_path.iterdir()) == []


def test_where_a_file_system_has_no_locks_nothing_is_taken_for_a_stray(tmp_path, monkeypatch):
    def no_locks(number, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    with staged(tmp_path) as place, temporary_file(tmp_path) as (path, _):
        (place / "volume.nii.gz").write_bytes(b"whole")
        assert remove_strays(tmp_path) == 0
        assert (place / "volume.nii.gz").exists()
        assert path.exists()
    with locked(tmp_path / ".lock", "is busy", "wait"):
        pass


def test_a_staging_folder_goes_when_its_process_is_dead_and_stays_while_it_lives(tmp_path):
    (tmp_path / ".0123456789ab.part").mkdir()
    (tmp_path / ".0123456789ab.part" / "volume.nii.gz").write_bytes(b"half")
    with staged(tmp_path) as place:
        assert list(tmp_path.iterdir()) == [place]
        assert remove_strays(tmp_path) == 0
        assert place.is_dir()
    assert list(tmp_path.iterdir()) == []
