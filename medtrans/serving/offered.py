"""Models that the local page offers: those of the command first, then the shipped ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from medtrans.models.config import read_config
from medtrans.models.zoo import model_folders, shipped


@dataclass(frozen=True)
class Offered:
    """A model: its name, what it translates, and the folders of its members."""

    name: str
    about: str
    models: tuple[str, ...]


def offered(models: Sequence[str | Path]) -> list[Offered]:
    """Each name once. Raises ModelRefused."""
    found = []
    for given in models:
        folders = model_folders([given])
        card = read_config(folders[0]).get("card", {})
        name, about = str(card.get("name") or Path(given).name), str(card.get("about") or "")
        found.append(Offered(name, about, tuple(map(str, folders))))
    found += [Offered(model.name, model.about, tuple(map(str, model.members))) for model in shipped()]
    return list({one.name: one for one in reversed(found)}.values())[::-1]
