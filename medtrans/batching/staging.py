"""Staging of files that belong together: all are written completely before the first gets its name.

The last one is the proof of the set (a sidecar with the hashes of the others). An older proof is removed first and the
new one is renamed last. So at any moment, and after a kill or a full disk, a proof lies only beside what it describes.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from medtrans.core.errors import EnvironmentRefused
from medtrans.reading.locks import take_lock
from medtrans.reading.storage import flush_folder, replace_file
from medtrans.reading.temporary_files import remove_strays_once


@contextlib.contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A hidden folder inside `folder`, in which files are written before they get their names; removed at the end.

    Its lock tells the next command whether the process still lives; else that one removes it.
    Raises EnvironmentRefused.
    """
    place = folder / f".{secrets.token_hex(6)}.part"
    lock = None
    remove_strays_once(folder)
    try:
        place.mkdir(parents=True)
        lock = _lock_folder(place)
        yield place
    except OSError as reason:
        advice = "free space or choose another folder"
        raise EnvironmentRefused(folder, reason.strerror or str(reason), advice) from reason
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def publish(files: Sequence[Path], folder: Path, stale: Sequence[Path] = ()) -> None:
    """Rename `files` into `folder`, the proof of the set last; `stale` files are removed. Raises OSError."""
    *others, proof = files
    for path in (folder / proof.name, *stale):
        path.unlink(missing_ok=True)
    flush_folder(folder)
    for file in (*others, proof):
        _rename(file, folder / file.name)


def _rename(complete: Path, path: Path) -> None:
    """A folder takes the place of another one, which ends with the staging folder; a file that of a file."""
    if complete.is_dir() and path.is_dir() and not path.is_symlink():
        path.rename(complete.with_name(f"{complete.name}.old"))
    replace_file(complete, path)


def _lock_folder(place: Path) -> int | None:
    """The open folder, locked where there are locks; None where folders cannot be opened (Windows)."""
    try:
        number = os.open(place, os.O_RDONLY)
    except OSError:
        return None
    take_lock(number)
    return number
