"""Temporary files and folders: random short names, created exclusively, locked by the process that uses them.

The lock ends with the process, however that ends. So a temporary file without a lock belongs to no process any more:
it is removed when the next process writes to the same folder. Where a file system has no locks, nothing is removed.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from medtrans.reading.locks import take_lock

STRAY = re.compile(r"\.[0-9a-f]{12}\.part")
"""Name of a temporary file: 18 bytes, however long the name of the output is."""
FOLDER_PREFIX = "medtrans-"
"""Begin of the names of temporary folders, in the folder for temporary files of the system."""
BY_UMASK, OWNER_ONLY = 0o666, 0o600
"""Permissions of a new file, before the umask of the process."""


@contextlib.contextmanager
def temporary_file(folder: Path, *, private: bool = False) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file in `folder`, open for writing; removed at the end unless it was renamed. Raises OSError.

    `private`: nobody else may read it, since it will take the place of a file that may be private.
    """
    remove_strays_once(folder)
    path, file = _new_file(folder, OWNER_ONLY if private else BY_UMASK)
    try:
        with file:
            yield path, file
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder for temporary files of this process, removed at the end with what is in it. Raises OSError."""
    _remove_stray_folders_once(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    number = os.open(folder, os.O_RDONLY) if os.name == "posix" else None
    try:
        if number is not None:
            take_lock(number)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if number is not None:
            os.close(number)


def remove_strays(folder: Path) -> int:
    """Remove the temporary files and folders in `folder` whose process has ended, but no links. Returns the number."""
    found = [entry.path for entry in _entries(folder) if STRAY.fullmatch(entry.name)]
    return sum(_remove_unlocked(Path(path)) for path in found)


@functools.cache
def remove_strays_once(folder: Path) -> None:
    """Remove them before the first output of this process in `folder`."""
    remove_strays(folder)


def _new_file(folder: Path, permissions: int) -> tuple[Path, BinaryIO]:
    """O_EXCL: neither an existing file nor a link is opened. A file that was removed before its lock is made again."""
    while True:
        path = folder / f".{secrets.token_hex(6)}.part"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        try:
            number = os.open(path, flags, permissions)
        except FileExistsError:
            continue
        take_lock(number)
        if os.fstat(number).st_nlink or os.name != "posix":
            return path, os.fdopen(number, "w+b")
        os.close(number)


def _remove_unlocked(path: Path) -> bool:
    """Whether `path` was a file or folder of this user that no process holds, and is removed."""
    with contextlib.suppress(OSError):
        facts = path.lstat()
        user = getattr(os, "getuid", lambda: facts.st_uid)()  # Windows does not number its users
        if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)) or facts.st_uid != user:
            return False
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        try:
            if take_lock(number):
                shutil.rmtree(path, ignore_errors=True) if stat.S_ISDIR(facts.st_mode) else path.unlink()
                return True
        finally:
            os.close(number)
    return False


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []


@functools.cache
def _remove_stray_folders_once(place: Path) -> None:
    for entry in _entries(place):
        if entry.name.startswith(FOLDER_PREFIX) and entry.is_dir(follow_symlinks=False):
            _remove_unlocked(Path(entry.path))
