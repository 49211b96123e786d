"""Stored voxels of MetaImage and NRRD: truncation and damage, found before SimpleITK reads them."""

from __future__ import annotations

import zlib
from pathlib import Path

from medtrans.core.errors import InputRefused
from medtrans.reading.formats._itk_header import VoxelData
from medtrans.reading.storage import opened, size_of

CHUNK_BYTES = 1 << 20
ZLIB_OR_GZIP = 47
"""Lets zlib recognise by the first bytes which of the two a stream is."""


def refuse_incomplete(path: Path, data: VoxelData) -> None:
    """Raise InputRefused unless all voxels that the header of `path` promises are there, with a right checksum."""
    size = size_of(data.file) - data.start
    if data.compressed:
        _refuse_damaged(data)
    elif data.promised is not None and size < data.promised:
        raise InputRefused(path, f"is cut short: {size} of {data.promised} bytes of voxels", "copy it again")


def _refuse_damaged(data: VoxelData) -> None:
    """Decompress the stream: its length must be the promised one, its checksum right."""
    stream, count, promised, path = zlib.decompressobj(ZLIB_OR_GZIP), 0, data.promised, data.file
    try:
        with opened(path) as file:
            file.seek(data.start)
            piece = file.read(CHUNK_BYTES)
            while piece and not stream.eof and (promised is None or count <= promised):
                count += len(stream.decompress(piece, CHUNK_BYTES))
                piece = stream.unconsumed_tail or file.read(CHUNK_BYTES)
    except zlib.error:
        raise InputRefused(path, "is damaged: its voxels do not match their checksum", "copy it again") from None
    if promised is not None and count > promised:
        raise InputRefused(path, f"holds more than the {promised} bytes in its header", "convert it to NIfTI")
    if not stream.eof or (promised is not None and count < promised):
        missing = "its end is missing" if promised in (None, count) else f"{count} of {promised} bytes of voxels"
        raise InputRefused(path, f"is cut short: {missing}", "copy it again")
