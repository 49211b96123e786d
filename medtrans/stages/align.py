"""Align a moving volume with a fixed one: the transform, the resampled volume, the judgement and a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from medtrans import __version__
from medtrans.batching.outputs import Output, plan_outputs
from medtrans.batching.staging import publish, staged
from medtrans.core.errors import InputRefused
from medtrans.core.finding import Finding
from medtrans.core.modality import AIR_HU, Modality, find_modality
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.sealed_json import seal
from medtrans.core.volume import Volume
from medtrans.preparing.registration.align import Registration, place, register
from medtrans.preparing.registration.judgement import Judgement
from medtrans.preparing.registration.kinds import Kind
from medtrans.preparing.registration.transform_file import write_transform
from medtrans.reading.memory import memory_errors
from medtrans.reading.names import stem
from medtrans.reading.storage import write_atomically
from medtrans.reading.volumes import hash_volume, read_mask, read_upright, read_volume, write_volume
from medtrans.reporting.images.checkerboard import checkerboard
from medtrans.translating.output_checks import to_whole_hu

if TYPE_CHECKING:
    import SimpleITK as sitk

NOTICE = "Resampled to the grid of another image by registration; look at the picture before you use it."
PADDING_HU = -3024
"""What scanners write outside of their field of view."""
DESCRIPTION = f"ALIGNED medtrans {__version__}"
"""The field `descrip` of the NIfTI header."""


@dataclass(frozen=True)
class Aligned:
    """What was written, and the judgement. A failed registration has no volume."""

    volume: Path | None
    transform: Path | None
    judgement_file: Path
    picture: Path
    labels: tuple[Path, ...]
    judgement: Judgement
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-able values."""
        files = {"volume": self.volume, "transform": self.transform, "picture": self.picture}
        named = {name: str(path) for name, path in files.items() if path}
        findings = [finding.to_dict() for finding in self.findings]
        labels = [str(path) for path in self.labels]
        return {**named, "labels": labels, **self.judgement.to_dict(), "findings": findings}


def align(
    moving: Path,
    fixed: Path,
    folder: Path,
    *,
    kind: Kind = "rigid",
    modalities: tuple[str | None, str | None] = (None, None),
    masks: tuple[Path | None, Path | None] = (None, None),
    mask_label: int | None = None,
    labels: Sequence[Path] = (),
    padded: bool = False,
    resample_tilt: bool = False,
    overwrite: bool = False,
    on_progress: ProgressCallback = no_progress,
) -> Aligned:
    """Align `moving` with `fixed` and write into `folder`; options in pairs: moving, fixed.

    The bias field of what is declared as MR is removed for the search; a declared CT is written as int16 in HU.
    `labels` are label maps on the grid of `moving` that go with it. What the moving image does not reach is air, or
    with `padded` a value that counts as padding. `resample_tilt` interpolates DICOM series of a
    tilted gantry. Raises UsageError, InputRefused, EnvironmentRefused.
    """
    files = AlignedFiles(folder, stem(moving), stem(fixed), tuple(stem(path) for path in labels))
    plan_outputs(files.planned(str(moving)), [moving, fixed, *filter(None, masks), *labels], overwrite)
    with memory_errors(moving):
        read = read_upright if resample_tilt else read_volume
        volumes = _finite(moving, read), _finite(fixed, read)
        kinds = [find_modality(name) if name else None for name in modalities]
        sides = zip(masks, volumes, (moving, fixed), strict=True)
        bodies = [_body(mask, mask_label, volume, path) for mask, volume, path in sides]
        maps = [_label_map(path, volumes[0], moving) for path in labels]
        found = register(
            volumes[1], volumes[0], kind, modalities=(kinds[1], kinds[0]), bodies=(bodies[1], bodies[0]),
            on_progress=on_progress,
        )  # fmt: skip
        inputs = inputs_of((moving, fixed), masks, [known.name if known else None for known in kinds], labels)
        facts = {"notice": NOTICE, "medtrans": __version__, "kind": kind, "inputs": inputs, **found.judgement.to_dict()}
        _write(files, found, volumes, kinds, maps, facts, padded)
    judged = found.judgement
    written = judged.outcome != "failed"
    doubt = judgement_finding(str(moving), judged.outcome, judged.reasons, files.picture)
    return Aligned(
        files.volume if written else None, files.transform if written else None, files.judgement, files.picture,
        files.labels if written else (), judged,
        (*volumes[0].findings, *volumes[1].findings, *([doubt] if doubt else [])),
    )  # fmt: skip


@dataclass(frozen=True)
class AlignedFiles:
    """The files that are written."""

    folder: Path
    moving: str
    fixed: str
    label_names: tuple[str, ...] = ()

    @property
    def volume(self) -> Path:
        return self.folder / f"{self.moving}_aligned.nii.gz"

    @property
    def transform(self) -> Path:
        return self.folder / f"{self.moving}_to_{self.fixed}.tfm"

    @property
    def judgement(self) -> Path:
        return self.folder / f"{self.moving}_aligned.json"

    @property
    def picture(self) -> Path:
        return self.folder / f"{self.moving}_aligned.png"

    @property
    def labels(self) -> tuple[Path, ...]:
        return tuple(self.folder / f"{name}_aligned.nii.gz" for name in self.label_names)

    def planned(self, source: str) -> list[Output]:
        """All of them."""
        volumes = [Output(path, "volume", source) for path in (self.volume, *self.labels)]
        others = Output(self.transform, "transform", source), Output(self.picture, "picture", source)
        return [*volumes, *others, Output(self.judgement, "JSON file", source)]


def _write(
    files: AlignedFiles,
    found: Registration,
    volumes: tuple[Volume, Volume],
    kinds: Sequence[Modality | None],
    maps: Sequence[Volume],
    facts: dict[str, Any],
    padded: bool,
) -> None:
    """All files of the registration, the judgement last."""
    moving, fixed = volumes
    is_ct = kinds[0] is not None and kinds[0].name == "CT"
    background = AIR_HU if is_ct else float(moving.voxels.min())
    aligned = place(found.transform, moving, fixed, background)
    files.folder.mkdir(parents=True, exist_ok=True)
    with staged(files.folder) as folder:
        written = []
        if found.judgement.outcome != "failed":
            written = [folder / path.name for path in (files.volume, *files.labels, files.transform)]
            on_disk = _in_disk_type(aligned, moving, is_ct)
            if padded:
                on_disk = _padded(on_disk, found.transform, moving, is_ct)
            write_volume(on_disk, written[0], description=DESCRIPTION)
            for path, labels in zip(written[1:-1], maps, strict=True):
                write_volume(place(found.transform, labels, fixed, 0, order=0), path, description=DESCRIPTION)
            write_transform(found.transform, written[-1])
        written += [folder / files.picture.name, folder / files.judgement.name]
        unmoved = place(None, moving, fixed, background, order=1)
        write_atomically(written[-2], checkerboard(fixed, {"before": unmoved, "after": aligned}), overwrite=False)
        facts["outputs"] = {path.name: hash_volume(path) for path in written[:-1]}
        write_atomically(written[-1], seal(facts), overwrite=False)
        stale = [path for path in (files.volume, *files.labels, files.transform) if folder / path.name not in written]
        publish(written, files.folder, stale)


def _finite(path: Path, read: Callable[[Path], Volume]) -> Volume:
    """The volume. Raises InputRefused where a voxel is no finite number: interpolation would spread it."""
    volume = read(path)
    if not np.isfinite(volume.voxels).all():
        raise InputRefused(path, "holds voxels that are not finite numbers", "replace them first")
    return volume


def _body(mask: Path | None, label: int | None, volume: Volume, path: Path) -> Volume | None:
    """The mask of a volume. Raises InputRefused where it lies on another grid."""
    return None if mask is None else _on_grid(read_mask(mask, label), mask, volume, path)


def _label_map(path: Path, moving: Volume, moving_path: Path) -> Volume:
    return _on_grid(read_volume(path), path, moving, moving_path)


def _on_grid(volume: Volume, path: Path, reference: Volume, reference_path: Path) -> Volume:
    if not volume.shares_grid_with(reference):
        raise InputRefused(path, f"does not lie on the grid of {reference_path.name}", "give one on its grid")
    return volume


def _in_disk_type(aligned: Volume, moving: Volume, is_ct: bool) -> Volume:
    """CT in whole HU, others in the type of the moving image: it holds every value, since none leaves its range."""
    if is_ct:
        return to_whole_hu(aligned)
    kind = moving.voxels.dtype
    return aligned.like((np.rint(aligned.voxels) if np.issubdtype(kind, np.integer) else aligned.voxels).astype(kind))


def _padded(aligned: Volume, transform: sitk.Transform, moving: Volume, is_ct: bool) -> Volume:
    """The volume with padding where the moving image does not reach; see medtrans.reading.padding."""
    reached = place(transform, moving.like(np.ones((1, *moving.shape), np.uint8)), aligned, 0, order=0).voxels > 0
    if is_ct:
        return aligned.like(np.where(reached, aligned.voxels, np.int16(PADDING_HU)))
    low, high = float(aligned.voxels.min()), float(aligned.voxels.max())
    padding = np.float32(min(low, 0) - 2 * (high - low) - 1)
    return aligned.like(np.where(reached, aligned.voxels.astype(np.float32), padding))


def inputs_of(
    files: tuple[Path, Path],
    masks: tuple[Path | None, Path | None],
    modalities: Sequence[str | None],
    labels: Sequence[Path] = (),
) -> dict[str, Any]:
    """What a judgement says of the moving and the fixed volume that it is of, and of label maps that were moved."""
    named = zip(("moving", "fixed"), files, masks, modalities, strict=True)
    sides = {
        role: {
            "name": path.name,
            "sha256": hash_volume(path),
            "modality": modality,
            "mask": hash_volume(mask) if mask else None,
        }
        for role, path, mask, modality in named
    }
    moved = [{"name": path.name, "sha256": hash_volume(path)} for path in labels]
    return {**sides, **({"labels": moved} if moved else {})}


def judgement_finding(where: str, outcome: str, reasons: Sequence[str], picture: Path) -> Finding | None:
    """A finding on a registration that is not good."""
    if outcome == "good":
        return None
    failed = outcome == "failed"
    return Finding(
        code=f"alignment-{outcome}",
        severity="warn",
        where=where,
        what=f"the registration {'failed' if failed else 'is doubtful'}: {', '.join(reasons)}",
        consequence="no volume was written" if failed else "what is computed from this pair may be wrong",
        advice=f"look at {picture}; give masks, or images of the same person that share more of the body",
    )
