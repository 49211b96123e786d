"""A first recipe for a folder of images: what the folder holds, and choices by rules that are printed with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from medtrans.core.tables import text_table
from medtrans.core.yaml_text import parse_yaml
from medtrans.reading.fingerprint import Fingerprint, fingerprint
from medtrans.reading.storage import refuse_existing, write_atomically
from medtrans.recipe import load_recipe, make_recipe
from medtrans.stages._chosen_images import Chosen, choose
from medtrans.stages._recipe_rules import Machine, lines_of


@dataclass(frozen=True)
class FirstRecipe:
    """What was found and chosen, and the recipe."""

    found: Fingerprint
    chosen: Chosen
    text: str
    path: Path

    def to_text(self) -> str:
        """For the terminal."""
        rows = [
            {
                "image": image.pattern,
                "kind": image.kind,
                "files": str(len(image.files)),
                "subjects": str(len(image.subjects)),
                "sessions": str(len({key.session_of() for key in image.files} - {""}) or "-"),
                "voxels (mm)": " × ".join(f"{side:.3g}" for side in image.extent.median),
            }
            for image in self.found.images
        ]
        missing = [f"missing: {line}" for line in self.missing()]
        unread = [f"warning: {finding.sentence}" for finding in self.found.findings]
        end = f"task: {self.chosen.task}: {self.chosen.reason}\nwritten: {self.path}; next: medtrans check {self.path}"
        return "\n".join([text_table(rows, left=("kind",)), *missing, *unread, end])

    def missing(self) -> list[str]:
        """Cases without one of the chosen images, and the masks that no case or not every case has."""
        chosen = self.chosen
        lines = []
        if chosen.source and chosen.task != "unpaired":
            for one, other in ((chosen.source, chosen.target), (chosen.target, chosen.source)):
                lone = sorted(key.name for key in set(one.files) - set(other.files))
                lines += [f"{other.pattern} of {len(lone)} cases: {', '.join(lone[:5])}"] if lone else []
        masks = self.found.of_kind("mask")
        if chosen.mask is None and chosen.task != "unpaired":
            lines.append(f"masks of some cases ({masks[0].pattern}), so that none is used" if masks else "masks")
        return lines


def init(
    root: Path,
    path: Path,
    *,
    task: str | None = None,
    source: str | None = None,
    target: str | None = None,
    minutes: float | None = None,
    overwrite: bool = False,
    found: Fingerprint | None = None,
) -> FirstRecipe:
    """Look at a folder and write a recipe for it at `path`. `found` is its fingerprint, where that is known already.

    Raises UsageError, InputRefused, EnvironmentRefused.
    """
    if not overwrite:
        refuse_existing(path)
    found = found or fingerprint(root)
    chosen = choose(found, task, source, target)
    machine = Machine(torch.cuda.get_device_name(0)) if torch.cuda.is_available() else Machine()
    lines = lines_of(found, chosen, machine, root.absolute(), minutes)
    text = "".join(f"{line:<40}  # {reason}\n" if reason else f"{line}\n" for line, reason in lines)
    make_recipe(parse_yaml(text, path), where=path.name)
    write_atomically(path, text.encode(), overwrite=overwrite)
    load_recipe(path).cases()
    return FirstRecipe(found, chosen, text, path)
