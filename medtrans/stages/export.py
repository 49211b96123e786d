"""Export: a model for other programs, checked against torch on the spot. The output is whole or absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medtrans.batching.staging import staged
from medtrans.core.errors import ModelRefused, UsageError
from medtrans.core.progress import ProgressCallback, no_progress
from medtrans.core.suggestions import did_you_mean
from medtrans.exporting.archive import model_files, write_zip
from medtrans.exporting.check import difference
from medtrans.exporting.description import describe, describe_network
from medtrans.exporting.formats import PACKAGES, refuse_existing, refuse_missing
from medtrans.exporting.monai_bundle import network_of, write_bundle
from medtrans.exporting.networks import write_networks
from medtrans.models.engines import Predict, translation
from medtrans.models.folder import load_model
from medtrans.models.zoo import model_folders
from medtrans.reading.names import EXPORTED
from medtrans.reading.storage import replace_file, sha256, write_atomically
from medtrans.reading.temporary_files import remove_strays
from medtrans.stages._conditions import assert_known_conditions
from medtrans.stages.translate import translate
from medtrans.translating.translator import Translator


@dataclass(frozen=True)
class ExportResult:
    """What was written: the file or folder, and the description of each network in it."""

    output: Path
    name: str
    to: str
    networks: tuple[Mapping[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"output": str(self.output), "model": self.name, "to": self.to, "networks": list(self.networks)}

    def to_text(self) -> str:
        """One line for each network, and where they are."""
        lines = []
        for network in self.networks:
            found = network["difference_from_torch"]
            apart = f"at most {found['largest']:.2g} {found['unit']} from torch (allowed {found['limit']:.2g})"
            lines.append(f"{network['name']}: {apart}, {found['voxels']} voxels of a synthetic head")
        return "\n".join([*lines, f"{self.to}: {self.output}"])


def export(
    model: str | Path,
    to: str,
    output: Path,
    *,
    conditions: Mapping[str, float] | None = None,
    overwrite: bool = False,
    on_progress: ProgressCallback = no_progress,
) -> ExportResult:
    """Write `model`, a folder or the name of a shipped model, as onnx, openvino, monai-bundle or zip to `output`.

    onnx and openvino are folders with a file for each network; `conditions` are fixed in them, for models with some.
    Raises UsageError, ModelRefused, EnvironmentRefused.
    """
    if to not in PACKAGES:
        raise UsageError(f"--to {to}", "is not a format of an export", did_you_mean(to, PACKAGES))
    refuse_missing(to)
    refuse_existing(output, to, overwrite=overwrite)
    folders = _named(model_folders([model]))
    members = {name: Translator.load(folder, "cpu") for name, folder in folders.items()}
    known = conditions or {}
    assert_known_conditions(known, [member.preparation for member in members.values()])
    name = Path(model).name if Path(model).exists() else str(model)
    on_progress("exporting", f"{name} as {to}", 0.0)
    remove_strays(output.resolve().parent)
    with staged(output.resolve().parent) as place:
        whole = place / output.name
        networks = _write(name, to, folders, members, known, whole)
        _publish(whole, output, place)
    on_progress("exporting", f"{name} as {to}", 1.0)
    return ExportResult(output, name, to, tuple(networks))


def run_bundle(
    root: str, source: str, output: str, device: str = "auto", conditions: Mapping[str, float] | None = None
) -> None:
    """Translate a volume to a file by the models of a MONAI bundle. Raises what is wrong with it."""
    folders = sorted(path.parent for path in (Path(root) / "models").glob("*/config.json"))
    if not folders:
        raise ModelRefused(root, "holds no model in models/", "give the folder of the bundle as bundle_root")
    [outcome] = translate(Path(source), Path(output), folders, device=device, conditions=conditions)
    if outcome.error is not None:
        raise outcome.error


def _named(folders: Sequence[Path]) -> dict[str, Path]:
    """Name → folder of each member: those of folds are all called `model`, and get the name of their run."""
    names = [folder.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        names = [folder.resolve().parent.name for folder in folders]
    return dict(zip(names, folders, strict=True))


def _write(
    name: str,
    to: str,
    folders: Mapping[str, Path],
    members: Mapping[str, Translator],
    conditions: Mapping[str, float],
    whole: Path,
) -> list[dict[str, Any]]:
    """Write the export to `whole`, checked; returns the descriptions of the networks."""
    if to in ("onnx", "openvino"):
        whole.mkdir()
        networks = write_networks(members, to, conditions, whole)
    elif to == "monai-bundle":
        write_bundle(name, folders, members, conditions, whole)
        by_monai = {next(iter(members)): network_of(whole)}
        networks = [
            _described(member, whole / "models" / key, conditions, by_monai.get(key)) for key, member in members.items()
        ]
    else:
        unpacked = whole.with_suffix(".unpacked")
        for key, folder in folders.items():
            for file, data in model_files(folder).items():
                write_atomically(unpacked / key / file, data)
        networks = [_described(member, unpacked / key, conditions) for key, member in members.items()]
        packed = {f"{key}/{file}": data for key in folders for file, data in model_files(unpacked / key).items()}
        packed[EXPORTED] = describe(name, to, networks)
        write_zip({f"{whole.stem}/{file}": data for file, data in packed.items()}, whole)
        return networks
    write_atomically(whole / EXPORTED, describe(name, to, networks))
    return networks


def _described(
    member: Translator, folder: Path, conditions: Mapping[str, float], predict: Predict | None = None
) -> dict[str, Any]:
    """A model copied to `folder`, loaded from there and checked; `predict` is its network as others load it."""
    method, preparation, _ = load_model(folder)
    values = preparation.conditions(conditions, member.identity.name)
    found = difference(member, conditions, predict or translation(method, values))
    files = {file: sha256(folder / file) for file in model_files(folder)}
    return describe_network(folder.name, member, files, conditions, found)


def _publish(whole: Path, output: Path, place: Path) -> None:
    """Rename a complete export to its name; one that is replaced ends with the staging folder. Raises OSError."""
    if output.is_dir():
        output.rename(place / "replaced")
    replace_file(whole, output)
