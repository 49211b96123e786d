"""Storage: bytes in, bytes out atomically, sizes and hashes. Every file is opened here.

A file is written under a temporary name in its folder, flushed to disk, read back and renamed. When the process is
killed, the disk is full or an I/O error occurs, the output is complete or absent, and an older file survives.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from medtrans.core.errors import EnvironmentRefused, InputRefused, UsageError
from medtrans.reading.temporary_files import temporary_file

CHUNK_BYTES = 1 << 22
BLOCK_BYTES = 512
"""Unit of st_blocks in stat(2)."""
ANNEX = "annex/objects/"
"""Part of the path of every file that git-annex and datalad manage."""


def read_bytes(path: str | Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes. Raises InputRefused, EnvironmentRefused."""
    path = Path(path)
    size = size_of(path)
    if size > limit:
        raise InputRefused(
            path, f"has {size} bytes, but at most {limit} are expected", "check that it is the right file"
        )
    with opened(path) as file:
        data: bytes = file.read(size + 1)
    if len(data) != size:
        raise InputRefused(path, "changed while it was read", "run again when the file is complete")
    return data


def opened(path: Path) -> Any:
    """A file opened for reading bytes. Raises EnvironmentRefused."""
    try:
        return path.open("rb")
    except OSError as reason:
        raise EnvironmentRefused(path, reason.strerror or str(reason), "check its permissions") from None


def size_of(path: Path) -> int:
    """Bytes of a regular file. Raises InputRefused where there is none."""
    return _facts(path).st_size


def stored_bytes(path: Path) -> int:
    """Bytes that a regular file takes on the disk: fewer than its size where it has holes (a sparse file)."""
    facts = _facts(path)
    blocks = getattr(facts, "st_blocks", None)
    return facts.st_size if blocks is None else max(min(blocks * BLOCK_BYTES, facts.st_size), 1)


def modified_at(path: Path) -> int:
    """Time of the last change of a regular file, in nanoseconds. Raises InputRefused where there is none."""
    return _facts(path).st_mtime_ns


def entries_of(folder: Path) -> list[Path]:
    """What a folder holds, in no order. Raises EnvironmentRefused where it cannot be listed."""
    try:
        return list(folder.iterdir())
    except OSError as reason:
        raise EnvironmentRefused(folder, reason.strerror or str(reason), "check its permissions") from None


def sha256(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises InputRefused, EnvironmentRefused."""
    path = Path(path)
    size_of(path)
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_unwritable(*folders: Path) -> None:
    """Raise EnvironmentRefused unless a file can be made in each folder, or in its nearest parent that exists.

    It is tried with a file without a name where the system has such: permissions alone do not tell of a disk that is
    full or read only.
    """
    for existing in {
        next(place for place in (folder, *folder.absolute().parents) if place.exists()) for folder in folders
    }:
        try:
            with tempfile.TemporaryFile(dir=existing) as file:
                file.write(b"0")
                file.flush()
        except OSError as reason:
            what = f"cannot be written to ({reason.strerror or reason})"
            raise EnvironmentRefused(existing, what, "choose another folder, or change its permissions") from None


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())


def refuse_existing(path: Path) -> None:
    """Raise UsageError if `path` exists, be it a link that leads nowhere."""
    if os.path.lexists(path):
        raise UsageError(path, "exists already", "add --overwrite to replace it")


def write_atomically(path: str | Path, data: bytes, *, overwrite: bool = True) -> None:
    """Write `data` to `path` completely, or change nothing. Makes the folder.

    Raises UsageError where a file exists and must not be replaced, EnvironmentRefused on a full disk.
    """
    path = Path(path)
    if not overwrite:
        refuse_existing(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary_file(path.parent, private=path.is_file() and not path.is_symlink()) as (temporary, file):
            _write_flushed(file, data)
            if not _reads_back(file, data):
                raise EnvironmentRefused(path, "reads back differently from what was written", "check the disk")
            replace_file(temporary, path)
    except OSError as reason:
        too_long = reason.errno == errno.ENAMETOOLONG
        advice = "choose a shorter name" if too_long else "free space or choose another folder"
        raise EnvironmentRefused(path, reason.strerror or str(reason), advice) from reason


def replace_file(complete: Path, path: Path) -> None:
    """Rename a complete file to `path` in one step, and flush the folder. Permissions of a replaced file are kept.

    A link is replaced, not followed. Raises OSError.
    """
    with contextlib.suppress(FileNotFoundError):
        before = path.lstat()
        if stat.S_ISREG(before.st_mode):
            complete.chmod(stat.S_IMODE(before.st_mode))
    complete.replace(path)
    flush_folder(path.parent)


def _facts(path: Path) -> os.stat_result:
    try:
        facts = path.stat()
    except FileNotFoundError:
        raise _missing(path) from None
    except OSError as reason:
        raise EnvironmentRefused(path, reason.strerror or str(reason), "check path and permissions") from None
    if not stat.S_ISREG(facts.st_mode):
        raise InputRefused(path, "is not a regular file", "give a file")
    return facts


def _missing(path: Path) -> InputRefused:
    """What is wrong with a path that leads to no file: nothing is there, or a link that leads nowhere."""
    if not path.is_symlink():
        return InputRefused(path, "does not exist", "check the path")
    target = path.readlink()
    if ANNEX in target.as_posix():
        what = "is a link to content that was not fetched (datalad, git-annex)"
        return InputRefused(path, what, f"run datalad get {path.name} in its folder", "content-not-fetched")
    return InputRefused(path, f"is a link to {target}, which does not exist", "correct the link")


def _write_flushed(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    for start in range(0, len(view), CHUNK_BYTES):
        file.write(view[start : start + CHUNK_BYTES])
    file.flush()
    os.fsync(file.fileno())


def _reads_back(file: BinaryIO, data: bytes) -> bool:
    """Whether a file holds these bytes and no more."""
    file.seek(0)
    view = memoryview(data)
    same = all(
        file.read(CHUNK_BYTES) == view[start : start + CHUNK_BYTES] for start in range(0, len(view), CHUNK_BYTES)
    )
    return same and not file.read(1)


def flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system allows it."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
