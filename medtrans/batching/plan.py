"""Plan of a batch: the output of every input, checked before anything is translated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.formats import supported
from medtrans.reading.names import sidecar_path, stem
from medtrans.reading.volumes import is_volume, volumes_in

Inputs = str | Path | Sequence[str | Path | Sequence[str | Path]]
"""A volume, a folder of volumes, or a list of volumes; an entry of several volumes is one case, its volumes become
channels. A volume is a file, or a folder that holds the files of one volume."""
Conditions = Mapping[str, float] | Sequence[Mapping[str, float]] | None
"""Conditions (name → number) of all cases, or of each one of a list."""


@dataclass(frozen=True)
class Job:
    """One case: its source volumes and its output."""

    name: str
    sources: tuple[Path, ...]
    output: Path
    conditions: Mapping[str, float] = field(default_factory=dict)


def plan(
    inputs: Inputs,
    output: Path,
    names: Sequence[str] | None = None,
    conditions: Conditions = None,
) -> list[Job]:
    """The jobs of a batch, sorted by name for a folder, in the given order for a list.

    One case is written to a file, or into a folder if `output` has no suffix of a volume; several cases are written
    into a folder. Raises UsageError, InputRefused.
    """
    sources, to_folder = _sources(inputs), output.is_dir() or not is_volume(output)
    whole = isinstance(inputs, (str, Path)) and _is_folder_of_volumes(Path(inputs))
    if to_folder and not whole and names is None and output.suffix[1:].isalpha() and not output.exists():
        what = f"is neither an existing folder nor the name of a volume ({output.suffix})"
        raise UsageError(output, what, supported())
    if not to_folder and (whole or len(sources) > 1 or names is not None):
        raise UsageError(output, "is one file, for several volumes", "give a folder as the output")
    if names is not None and len(names) != len(sources):
        raise UsageError("names", f"{len(names)} for {len(sources)} cases", "give one for each")
    if not to_folder:
        outputs = [output]
    elif names is not None:
        outputs = [output / f"{name}.nii.gz" for name in names]
    else:
        outputs = [output / _output_name(volumes[0]) for volumes in sources]
    each = conditions if isinstance(conditions, Sequence) else [conditions or {}] * len(sources)
    jobs = [Job(stem(path), files, path, known) for files, path, known in zip(sources, outputs, each, strict=True)]
    _refuse_collisions(jobs)
    return jobs


def _sources(inputs: Inputs) -> list[tuple[Path, ...]]:
    if not isinstance(inputs, (str, Path)):
        cases = [[case] if isinstance(case, (str, Path)) else case for case in inputs]
        return [tuple(Path(file) for file in case) for case in cases]
    path = Path(inputs)
    if not path.exists():
        raise InputRefused(path, "does not exist", "check the path")
    if not _is_folder_of_volumes(path):
        return [(path,)]
    volumes = volumes_in(path)
    if not volumes:
        raise UsageError(path, "holds no volume (subfolders are not searched)", supported())
    return [(volume,) for volume in volumes]


def _is_folder_of_volumes(path: Path) -> bool:
    """A folder that holds the files of one volume is no folder of volumes."""
    return path.is_dir() and not is_volume(path)


def _output_name(source: Path) -> str:
    """The name of the source; MetaImage in two files becomes one file, a folder becomes NIfTI."""
    if source.is_dir():
        return f"{stem(source)}.nii.gz"
    return f"{stem(source)}.mha" if source.suffix.lower() == ".mhd" else source.name


def _refuse_collisions(jobs: Sequence[Job]) -> None:
    """No output may be another output or a source, whatever the path that leads to it."""
    taken: dict[Path, Job] = {}
    sources = {file.resolve() for job in jobs for file in job.sources}
    source_sidecars = {sidecar_path(file).resolve() for file in sources}
    for job in jobs:
        beside = sidecar_path(job.output)
        if job.output.suffix.lower() == ".mhd":
            what = "is a format of two files, which cannot be replaced in one step"
            raise UsageError(job.output, what, "write .mha")
        if beside in taken:
            other = taken[beside].sources[0]
            what = f"would have the same output as {other}: {beside.name}"
            raise UsageError(job.sources[0], what, "rename one of them")
        taken[beside] = job
        if job.output.resolve() in sources or _is_one_of(job.output, job.sources):
            raise UsageError(job.output, "is an input, which medtrans never overwrites", "give another output")
        if beside.resolve() in source_sidecars:
            what = f"differs from an input only by its suffix: both would have the sidecar {beside.name}"
            raise UsageError(job.output, what, "give another name")


def _is_one_of(path: Path, files: Sequence[Path]) -> bool:
    """The same file under another name (a hard link, a drive that ignores case)?"""
    return path.exists() and any(file.exists() and path.samefile(file) for file in files)
