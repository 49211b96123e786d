"""Models that are shipped with medtrans: one folder each, named as the model, with the folders of its members.

    zoo/head_mr_to_ct/about.yaml            what it translates, in words
    zoo/head_mr_to_ct/scores.json           written by the script that scored it
    zoo/head_mr_to_ct/axial/config.json …   a member; several are used as an ensemble

Size, licence and modalities are read from the members.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from medtrans.core.errors import ModelRefused
from medtrans.core.registry import Entry
from medtrans.core.suggestions import did_you_mean
from medtrans.core.yaml_text import MAX_RECIPE_BYTES, parse_yaml
from medtrans.models.config import CONFIG, WEIGHTS, modalities_of, read_config
from medtrans.reading.names import EXPORTED
from medtrans.reading.storage import read_bytes

FOLDER = Path(__file__).parent
DEFAULT = "head-mr-to-ct"
"""The model of `medtrans translate` where none is named."""


@dataclass(frozen=True)
class ShippedModel:
    """A model inside the package."""

    name: str
    about: str
    """One sentence: from what to what, and for which images."""
    members: tuple[Path, ...]
    """Model folders."""
    modalities: str
    """Of source and target: "MR to CT"."""
    licence: str
    size: int
    """Bytes of all weights."""
    figure: str
    """The score that says most about it, in words."""

    @property
    def entry(self) -> Entry:
        """As `medtrans list models` prints it."""
        count = f", {len(self.members)} networks" if len(self.members) > 1 else ""
        facts = f"{self.modalities}{count}, {self.size / 1e6:.1f} MB, {self.licence}"
        return Entry(self.name, self.about, self.figure, facts)


def shipped() -> list[ShippedModel]:
    """All models of the package, by name."""
    return [_shipped(path.parent) for path in sorted(FOLDER.glob("*/about.yaml"))]


def model_folders(models: Sequence[str | Path]) -> list[Path]:
    """The folders of models that are given as folders or by the names of shipped ones, all members of each.

    The members of a folder with the runs of several folds, or with an export.json, are their models.

    Raises ModelRefused on what is neither.
    """
    return [folder for given in models for folder in _folders(given)]


def model_folder(given: str | Path) -> Path:
    """The folder of a single network, given as that or by the name of a shipped model. Raises ModelRefused."""
    folders = model_folders([given])
    if len(folders) > 1:
        what = f"consists of {len(folders)} networks, and one is needed here"
        raise ModelRefused(given, what, "give the model folder of one of them, or a model of one network")
    return folders[0]


def single_networks() -> dict[str, Path]:
    """The folders of the shipped models that consist of one network, by name; also with underscores."""
    alone = {model.name: model.members[0] for model in shipped() if len(model.members) == 1}
    return alone | {name.replace("-", "_"): folder for name, folder in alone.items()}


def _folders(given: str | Path) -> Sequence[Path]:
    if Path(given).exists():
        folder, pattern = Path(given), f"*/{CONFIG}" if (Path(given) / EXPORTED).is_file() else f"fold_*/model/{CONFIG}"
        inside = [] if (folder / CONFIG).exists() else sorted(path.parent for path in folder.glob(pattern))
        return inside or [folder]
    known = {model.name: model.members for model in shipped()}
    try:
        return known[_name(str(given))]
    except KeyError:
        what = "is neither a model folder nor the name of a shipped model"
        raise ModelRefused(given, what, f"there is no such folder; {did_you_mean(_name(str(given)), known)}") from None


def _name(text: str) -> str:
    return text.replace("_", "-")


@cache
def _shipped(folder: Path) -> ShippedModel:
    about = parse_yaml(read_bytes(folder / "about.yaml", MAX_RECIPE_BYTES).decode(), folder / "about.yaml")
    members = tuple(path.parent for path in sorted(folder.glob(f"*/{CONFIG}")))
    first = read_config(members[0])
    preparation, declared = first["preparation"], first["card"]["declared"]
    scores = folder / "scores.json"
    return ShippedModel(
        name=_name(folder.name),
        about=str(about["about"]),
        members=members,
        modalities=modalities_of(preparation),
        licence=declared["licence"],
        size=sum((member / WEIGHTS).stat().st_size for member in members),
        figure=json.loads(read_bytes(scores, MAX_RECIPE_BYTES))["figure"] if scores.is_file() else "not scored",
    )
