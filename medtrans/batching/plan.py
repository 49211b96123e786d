"""Plan of a batch: the output of every input, checked before anything is translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from medtrans.batching.masks import Masks, find_masks
from medtrans.batching.outputs import Output, refuse_collisions
from medtrans.core.errors import InputRefused, UsageError
from medtrans.reading.derived_series import is_dicom
from medtrans.reading.formats import supported
from medtrans.reading.names import sidecar_path, stem, uncertainty_path
from medtrans.reading.volumes import is_volume, volumes_of

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
    mask: Path | None = None
    """Body mask of the source; outside of it air is written."""
    mask_label: int | None = None
    """The value in the mask that is the body; None takes all above 0."""
    record: Path | None = None
    """JSON with the degradation of the source, where it is not beside it."""
    place: str = ""
    """Folder of the output below that of the batch, where the tree of the inputs is kept: "sub-01/anat"."""
    series: Path | None = None
    """Folder of a derived DICOM series: the output itself, or beside it."""
    resample_tilt: bool = False
    """Whether DICOM series of a tilted gantry are interpolated to a rectangular grid."""
    anonymous: bool = False
    """Whether identity is left out of the headers of the series, and names of files out of the sidecar."""

    @property
    def key(self) -> str:
        """The output as the ledger names it."""
        return f"{self.place}/{self.output.name}" if self.place else self.output.name

    @property
    def folder(self) -> Path:
        """Folder of the batch: that of its ledger."""
        return self.output.parents[len(PurePosixPath(self.place).parts)]

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Volume, standard deviation, sidecar and series; a translation without uncertainty removes an older deviation.

        Where the series is the only volume, it comes first.
        """
        source = str(self.sources[0])
        first = Output(self.output, "series" if self.output == self.series else "volume", source)
        beside = [Output(self.series, "series", source)] if self.series and self.series != self.output else []
        deviation = Output(uncertainty_path(self.output), "volume", source)
        return first, deviation, Output(sidecar_path(self.output), "sidecar", source), *beside


def plan(
    inputs: Inputs,
    output: Path,
    names: Sequence[str] | None = None,
    conditions: Conditions = None,
    masks: Masks = None,
    *,
    mask_label: int | None = None,
    record: Path | None = None,
    left_out: Sequence[Path] = (),
    protected: Sequence[Path] = (),
    places: Sequence[str] | None = None,
    adapt: Callable[[Job, bool], Job] = lambda job, _: job,
) -> list[Job]:
    """The jobs of a batch, sorted by name for a folder, in the given order for a list.

    One case is written to a file, or into a folder if `output` has no suffix of a volume; several cases, and those of a
    folder, are written into a folder, each into its place in it (`places`). `adapt` changes a job; it gets also whether
    the output is a folder. `left_out` are volumes of the folder that are not cases; no output may be one of them, of
    the inputs or of the `protected` files. Raises UsageError, InputRefused.
    """
    sources, to_folder = _sources(inputs, left_out), output.is_dir() or not is_volume(output)
    whole = places is not None or (isinstance(inputs, (str, Path)) and is_folder_of_volumes(Path(inputs)))
    _refuse_other_files(output)
    if to_folder and not whole and names is None and output.suffix[1:].isalpha() and not output.exists():
        what = f"is neither an existing folder nor the name of a volume ({output.suffix})"
        raise UsageError(output, what, supported())
    if not to_folder and (whole or len(sources) > 1 or names is not None):
        raise UsageError(output, "is one file, for several volumes", "give a folder as the output")
    if names is not None and len(names) != len(sources):
        raise UsageError("names", f"{len(names)} for {len(sources)} cases", "give one for each")
    below = places or [""] * len(sources)
    outputs = _outputs(output, sources, names, below) if to_folder else [output]
    each = conditions if isinstance(conditions, Sequence) else [conditions or {}] * len(sources)
    bodies = find_masks(sources, masks, below)
    parts = zip(sources, outputs, each, bodies, below, strict=True)
    jobs = [
        Job(f"{place}/{stem(path)}" if place else stem(path), files, path, known, mask, mask_label, record, place)
        for files, path, known, mask, place in parts
    ]
    jobs = [adapt(job, to_folder) for job in jobs]
    read = [file for job in jobs for file in (*job.sources, *filter(None, (job.mask, job.record)))]
    refuse_collisions([each for job in jobs for each in job.outputs], [*read, *left_out, *protected])
    return jobs


def is_folder_of_volumes(path: Path) -> bool:
    """A folder that holds the files of one volume is no folder of volumes."""
    return path.is_dir() and not is_volume(path)


def _outputs(
    folder: Path, sources: Sequence[Sequence[Path]], names: Sequence[str] | None, places: Sequence[str]
) -> list[Path]:
    """The output of each case, in a folder."""
    if names is not None:
        return [folder / f"{name}.nii.gz" for name in names]
    return [folder / place / _output_name(volumes[0]) for volumes, place in zip(sources, places, strict=True)]


def _sources(inputs: Inputs, left_out: Sequence[Path]) -> list[tuple[Path, ...]]:
    if not isinstance(inputs, (str, Path)):
        cases = [[case] if isinstance(case, (str, Path)) else case for case in inputs]
        return [tuple(Path(file) for file in case) for case in cases]
    path = Path(inputs)
    if not path.exists():
        raise InputRefused(path, "does not exist", "check the path")
    if not is_folder_of_volumes(path):
        return [(path,)]
    return [(volume,) for volume in volumes_of(path) if volume not in left_out]


def _output_name(source: Path) -> str:
    """The name of the source; MetaImage in two files becomes one file, a folder and DICOM become NIfTI."""
    if source.is_dir() or is_dicom(source):
        return f"{stem(source if source.name else source.resolve())}.nii.gz"
    return f"{stem(source)}.mha" if source.suffix.lower() == ".mhd" else source.name


def _refuse_other_files(output: Path) -> None:
    """Raise UsageError on an output of several files under the name of one."""
    if output.is_dir():
        return
    if output.suffix.lower() == ".mhd":
        what = "is a format of two files, which cannot be replaced in one step"
        raise UsageError(output, what, "write .mha")
    if is_dicom(output):
        what = "is the name of one DICOM file, and a series is a folder of files"
        raise UsageError(output, what, "give a folder, with --format dicom")
