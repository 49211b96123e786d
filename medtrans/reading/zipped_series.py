"""DICOM files in a zip, unpacked into a temporary folder: checked by their CRC, and against the room on the disk."""

from __future__ import annotations

import contextlib
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from medtrans.core.errors import EnvironmentRefused, InputRefused
from medtrans.reading.formats._dicom_series import MAGIC, MAGIC_AT, OTHER_SUFFIXES
from medtrans.reading.storage import opened
from medtrans.reading.temporary_files import temporary_folder

SIGNATURE = b"PK\x03\x04"
CHUNK_BYTES = 1 << 20
MAX_FILES = 200_000
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OverflowError, NotImplementedError, RuntimeError)
"""What zipfile raises for damaged, encrypted or unknown archives."""


def is_zip(path: Path) -> bool:
    """Whether a path is a file that begins as a zip. Raises EnvironmentRefused."""
    if not path.is_file():
        return False
    with opened(path) as file:
        return bool(file.read(len(SIGNATURE)) == SIGNATURE)


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A folder with the DICOM files of a zip, in its folders, for the time of the context.

    Raises InputRefused for a damaged or encrypted archive, EnvironmentRefused where the disk lacks the room.
    """
    with temporary_folder() as place:
        folder = place / (path.stem or "zip")
        folder.mkdir()
        try:
            with opened(path) as file, zipfile.ZipFile(file) as archive:
                _unpack(archive, folder, path)
        except DAMAGED as reason:
            what = f"is not a readable zip ({type(reason).__name__}: {str(reason)[:80]})"
            raise InputRefused(path, what, "copy it again, or unpack it yourself") from reason
        except OSError as reason:
            what = f"cannot be unpacked into {place.parent} ({reason.strerror or reason})"
            raise EnvironmentRefused(path, what, "free space there, or unpack it yourself") from reason
        yield folder


def _unpack(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    members = [member for member in archive.infolist() if _may_be_dicom(member)]
    needed, free = sum(member.file_size for member in members), shutil.disk_usage(folder).free
    if needed > free or len(members) > MAX_FILES:
        what = f"takes {needed / 1e9:.1f} GB unpacked ({len(members)} files), and {folder.parent.parent} has "
        raise EnvironmentRefused(path, f"{what}{free / 1e9:.1f} GB free", "free space there, or unpack it yourself")
    for number, member in enumerate(members):
        with archive.open(member) as source:
            begin = source.read(MAGIC_AT + len(MAGIC))
            if begin[MAGIC_AT:] != MAGIC:
                continue
            target = folder / _safe(member.filename, number)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:
                out.write(begin)
                shutil.copyfileobj(source, out, CHUNK_BYTES)


def _may_be_dicom(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename).name
    hidden = name.startswith(".") or member.filename.startswith("__MACOSX/")
    return not (member.is_dir() or hidden or name.lower().endswith(OTHER_SUFFIXES))


def _safe(name: str, number: int) -> Path:
    """A path below the folder, whatever the archive says: no root, no parent, no other drive."""
    parts = [part for part in name.replace("\\", "/").replace(":", "_").split("/") if part not in ("", ".", "..")]
    hidden = [part.lstrip(".") or "_" for part in parts]
    return Path(*hidden) if hidden else Path(f"{number:05d}")
