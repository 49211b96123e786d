"""Text headers of MetaImage and NRRD: where the voxels are, and how many bytes the header promises.

https://itk.org/Wiki/ITK/MetaIO/Documentation, https://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path

from medtrans.core.errors import InputRefused
from medtrans.reading.storage import opened

LONGEST_HEADER_BYTES = 1 << 16
META_BYTES = {"CHAR": 1, "SHORT": 2, "INT": 4, "LONG": 4, "LONG_LONG": 8, "FLOAT": 4, "DOUBLE": 8}
"""Bytes of one number, by the ElementType of MetaImage without MET_ and U."""
NRRD_BYTES = {
    **dict.fromkeys(("char", "int8", "int8_t"), 1),
    **dict.fromkeys(("short", "short int", "int16", "int16_t"), 2),
    **dict.fromkeys(("int", "int32", "int32_t", "float"), 4),
    **dict.fromkeys(("longlong", "long long", "long long int", "int64", "int64_t", "double"), 8),
}
"""Bytes of one number, by the type of NRRD without its sign."""


@dataclass(frozen=True)
class VoxelData:
    """Where the voxels of a volume are stored."""

    file: Path
    start: int
    """First byte in the file."""
    promised: int | None
    """Bytes of voxels by the header, decompressed; None where they cannot be counted, as in text."""
    compressed: bool
    """Whether they are a zlib or gzip stream."""


def voxel_data(path: Path) -> VoxelData:
    """Raises InputRefused where the header cannot be read or the voxels are spread over many files."""
    return _nrrd(path) if path.suffix.lower() == ".nrrd" else _meta_image(path)


def _meta_image(path: Path) -> VoxelData:
    keys, end = _text_header(path, "=", rb"ElementDataFile[^\n]*\n")
    try:
        count = math.prod(int(side) for side in keys["DimSize"].split())
        size = META_BYTES[keys["ElementType"].removeprefix("MET_").removeprefix("U").removesuffix("_ARRAY")]
        data = keys["ElementDataFile"]
        promised = count * size * int(keys.get("ElementNumberOfChannels", "1"))
    except (KeyError, ValueError):
        raise InputRefused(path, "has a MetaImage header that cannot be read", "convert it to NIfTI") from None
    _refuse_other_names(path, data)
    file, start = (path, end) if data == "LOCAL" else (path.parent / data, 0)
    return VoxelData(file, start, promised, keys.get("CompressedData", "False").lower() == "true")


def _nrrd(path: Path) -> VoxelData:
    keys, end = _text_header(path, ":", rb"\n\r?\n")
    data = keys.get("data file", keys.get("datafile", ""))
    _refuse_other_names(path, data)
    file, start = (path.parent / data, 0) if data else (path, end)
    encoding = keys.get("encoding", "").lower()
    size = NRRD_BYTES.get(re.sub(r"^(un)?signed |^u", "", keys.get("type", "").lower()))
    countable = encoding in ("raw", "gzip", "gz") and size is not None and "line skip" not in keys
    if not countable or "byte skip" in keys:
        return VoxelData(file, start, None, encoding in ("gzip", "gz"))
    try:
        promised = math.prod(int(side) for side in keys["sizes"].split()) * int(size or 0)
    except (KeyError, ValueError):
        raise InputRefused(path, "has an NRRD header that cannot be read", "convert it to NIfTI") from None
    return VoxelData(file, start, promised, encoding != "raw")


def _refuse_other_names(path: Path, data: str) -> None:
    """Raise InputRefused where `data` is not the name of one file."""
    if "\0" in data:
        raise InputRefused(path, f"its voxels are in a file of no possible name ({data[:40]!r})", "copy it again")
    if data.split()[:1] == ["LIST"] or "%" in data:
        raise InputRefused(path, "its voxels are spread over many files", "convert it to one file")


def _text_header(path: Path, sign: str, last: bytes) -> tuple[dict[str, str], int]:
    """Key → value of a text header that ends with the expression `last`, and its size in bytes."""
    with opened(path) as file:
        text: bytes = file.read(LONGEST_HEADER_BYTES)
    found = re.search(last, text)
    if not found:
        raise InputRefused(path, "has no header that can be read", "convert it to NIfTI")
    lines = text[: found.end()].decode("latin-1").splitlines()
    pairs = (line.partition(sign) for line in lines if sign in line)
    return {key.strip(): value.strip() for key, _, value in pairs}, found.end()
