"""Which file becomes which: settled, and refused where it is wrong, before anything is translated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medtrans.batching.sidecar import sidecar_path
from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.files import READS, is_volume, stem, volumes_in

Inputs = str | Path | Sequence[str | Path | Sequence[str | Path]]
"""A file, a folder, or a list of files; an entry of several files is one case whose files become channels."""
Known = Mapping[str, float] | Sequence[Mapping[str, float]] | None
"""What is known of all cases, or of each one of a list: condition → number."""


@dataclass(frozen=True)
class Job:
    """One case: its source files and the file that is to be made of them."""

    name: str
    sources: tuple[Path, ...]
    output: Path
    condition: Mapping[str, float] = field(default_factory=dict)
    """What is known of the case."""


def plan(
    inputs: Inputs,
    output: Path,
    names: Sequence[str] | None = None,
    known: Known = None,
) -> list[Job]:
    """The jobs of a batch, sorted by name for a folder, in the order given for a list.

    One case goes to a file, or into a folder if `output` has no suffix of a volume; all else goes into a folder.
    Raises UsageError, InputRefused.
    """
    sources, to_folder = _sources(inputs), output.is_dir() or not is_volume(output)
    whole = isinstance(inputs, (str, Path)) and Path(inputs).is_dir()
    if to_folder and not whole and names is None and output.suffix[1:].isalpha() and not output.exists():
        raise UsageError(output, f"is neither a folder that is there nor a volume by its name ({output.suffix})", READS)
    if not to_folder and (whole or len(sources) > 1 or names is not None):
        raise UsageError(output, "is one file, for several volumes", "give a folder as the output")
    if names is not None and len(names) != len(sources):
        raise UsageError("names", f"{len(names)} for {len(sources)} cases", "give one for each")
    if to_folder:
        files = [f"{name}.nii.gz" for name in names] if names is not None else [_name(files[0]) for files in sources]
        outputs = [output / file for file in files]
    else:
        outputs = [output]
    each = known if isinstance(known, Sequence) else [known or {}] * len(sources)
    jobs = [Job(stem(place), files, place, told) for files, place, told in zip(sources, outputs, each, strict=True)]
    _refuse_collisions(jobs)
    return jobs


def _sources(inputs: Inputs) -> list[tuple[Path, ...]]:
    if not isinstance(inputs, (str, Path)):
        cases = [[case] if isinstance(case, (str, Path)) else case for case in inputs]
        return [tuple(Path(file) for file in case) for case in cases]
    path = Path(inputs)
    if not path.exists():
        raise InputRefused(path, "does not exist", "check the path")
    if not path.is_dir():
        return [(path,)]
    found = volumes_in(path)
    if not found:
        raise UsageError(path, "holds no volume (folders inside are not searched)", READS)
    return [(file,) for file in found]


def _name(source: Path) -> str:
    """Of the output: the source's own, but MetaImage in one file where the source is two."""
    return f"{stem(source)}.mha" if source.suffix.lower() == ".mhd" else source.name


def _refuse_collisions(jobs: Sequence[Job]) -> None:
    """No output may be another's, nor a source: not under another name either."""
    taken: dict[Path, Job] = {}
    sources = {file.resolve() for job in jobs for file in job.sources}
    pages = {sidecar_path(file).resolve() for file in sources}
    for job in jobs:
        page = sidecar_path(job.output)
        if job.output.suffix.lower() == ".mhd":
            raise UsageError(job.output, "is two files, which cannot be written at once", "write .mha")
        if page in taken:
            other = taken[page].sources[0]
            raise UsageError(job.sources[0], f"would become the same as {other}: {page.name}", "rename one of them")
        taken[page] = job
        if job.output.resolve() in sources or _is_one_of(job.output, job.sources):
            raise UsageError(job.output, "is an input; medtrans never writes over one", "give another output")
        if page.resolve() in pages:
            what = f"differs from an input only by its suffix: {page.name} would speak of both"
            raise UsageError(job.output, what, "give another name")


def _is_one_of(path: Path, files: Sequence[Path]) -> bool:
    """The same file under another name (a hard link, a drive that ignores case)?"""
    return path.exists() and any(file.exists() and path.samefile(file) for file in files)
