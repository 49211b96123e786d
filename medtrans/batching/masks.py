"""Body masks of a batch: one for each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.formats import supported
from medtrans.reading.names import session_of, stem, subject_of
from medtrans.reading.volumes import is_volume, volumes_of

Masks = str | Path | Sequence[Path | None] | None
"""A mask for a single case, a folder that holds a mask for each, or a list with one or none for each."""
MASK = "_mask"


def find_masks(sources: Sequence[Sequence[Path]], masks: Masks, places: Sequence[str] = ()) -> list[Path | None]:
    """The mask of each case. In a folder it is named as the source, with or without "_mask" at its end.

    "sub-01_T1.nii.gz" has the mask "sub-01_T1_mask.nii.gz", "sub-01_mask.nii.gz" or, in a folder of masks alone,
    "sub-01_T1.nii.gz"; else the one whose name ends in "_mask" and has the same subject and session. A folder of masks
    has the tree of the cases, whose folders in it are their `places`, or is flat.
    Raises InputRefused where one is missing, UsageError where the words do not fit together.
    """
    if masks is None:
        return [None] * len(sources)
    if not isinstance(masks, (str, Path)):
        if len(masks) != len(sources):
            raise UsageError("masks", f"{len(masks)} for {len(sources)} cases", "give one for each")
        return list(masks)
    path = Path(masks)
    if not path.exists():
        raise InputRefused(path, "does not exist", "check the path")
    if is_volume(path):
        if len(sources) > 1:
            raise UsageError(path, f"is one mask, for {len(sources)} cases", "give a folder with a mask for each")
        return [path]
    if path.is_file():
        raise InputRefused(path, "is not of a known format", supported())
    folders = [path / place if (path / place).is_dir() else path for place in places or [""] * len(sources)]
    named = {folder: {stem(volume): volume for volume in volumes_of(folder)} for folder in set(folders)}
    return [_mask_of(files, named[folder], folder) for files, folder in zip(sources, folders, strict=True)]


def _mask_of(files: Sequence[Path], named: Mapping[str, Path], folder: Path) -> Path:
    """Raises InputRefused where the folder has none for this case, UsageError where it has several."""
    first, own = stem(files[0]), {file.resolve() for file in files}
    masks = {name: volume for name, volume in named.items() if volume.resolve() not in own}
    wanted = [first + MASK, first.rpartition("_")[0] + MASK, first]
    found = [masks[name] for name in wanted if name in masks][:1]
    found = found or [
        masks[name] for name in masks if name.lower().endswith(MASK) and _subject(name) == _subject(first)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        what = f"holds {len(found)} masks for {files[0].name}: {', '.join(path.name for path in found)}"
        raise UsageError(folder, what, f"name the right one {wanted[0]}")
    what = f"holds no mask for {files[0].name}: neither {wanted[0]} nor {wanted[2]} nor one of its subject"
    raise InputRefused(folder, what, "add it, or translate such cases without --mask", "missing-mask")


def _subject(name: str) -> tuple[str, str]:
    return subject_of(name), session_of(name)
