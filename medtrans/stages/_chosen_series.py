"""Series that was chosen for a command: out of a zip, a tree of folders, or a folder of several series."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from medtrans.batching.outcome import Outcome
from medtrans.batching.plan import Inputs
from medtrans.core.errors import MedtransError, UsageError
from medtrans.core.finding import Finding
from medtrans.reading.series_tree import Series, as_folder, choose, find_series
from medtrans.reading.volumes import is_volume, volumes_in
from medtrans.reading.zipped_series import is_zip, unpacked


@dataclass(frozen=True)
class Chosen:
    """The path of a volume. Where that is a temporary folder, `given` is what the user gave instead of it."""

    path: Path
    given: Path
    temporary: tuple[Path, ...] = ()

    def named(self, text: str) -> str:
        """A text with the path that the user gave."""
        for place in self.temporary:
            text = text.replace(str(place), str(self.given))
        return text

    def finding(self, finding: Finding) -> Finding:
        """A finding that names the path that the user gave."""
        return replace(finding, where=self.named(finding.where))

    def outcome(self, outcome: Outcome) -> Outcome:
        """An outcome that names the path that the user gave."""
        findings = tuple(map(self.finding, outcome.findings))
        return replace(outcome, message=self.named(outcome.message), findings=findings)


@contextlib.contextmanager
def chosen_series(path: Path, wanted: str | None) -> Iterator[Chosen]:
    """The volume to which a path and `--series` lead; the path itself where there is nothing to choose.

    Raises InputRefused with a list of the series where none or several fit, UsageError, EnvironmentRefused.
    """
    with contextlib.ExitStack() as stack:
        chosen = Chosen(path, path)
        try:
            if not is_volume(path) and is_zip(path):
                root = stack.enter_context(unpacked(path))
                chosen = replace(chosen, temporary=(root,))
                one = choose(find_series(root), wanted, path)
                folder = stack.enter_context(as_folder(one, path.stem if wanted is None else one.name))
                chosen = replace(chosen, path=folder, temporary=(folder, root))
            elif wanted is not None or _is_deep(path):
                one = _choose(path, wanted)
                folder = stack.enter_context(as_folder(one))
                is_own = folder == one.files[0].parent
                chosen = replace(chosen, path=folder, temporary=() if is_own else (folder,))
            yield chosen
        except MedtransError as reason:
            raise type(reason)(chosen.named(reason.where), chosen.named(reason.what), reason.advice, reason.code) from (
                reason.__cause__ or reason
            )


@contextlib.contextmanager
def chosen_inputs(
    source: Inputs, series: str | None, *, recursive: bool = False
) -> Iterator[tuple[Inputs, list[Chosen]]]:
    """The inputs with each zip and each tree of series replaced by the series that is meant.

    With `recursive` a tree holds one case for each series. Raises UsageError, InputRefused, EnvironmentRefused.
    """
    if recursive and series is None:
        yield source, []
        return
    if isinstance(source, (str, Path)):
        with chosen_series(Path(source), series) as one:
            yield one.path, [one]
        return
    if series is not None:
        raise UsageError(f"--series {series}", "is for one input", "give the folder of each series")
    with contextlib.ExitStack() as stack:
        cases = [[Path(each)] if isinstance(each, (str, Path)) else list(map(Path, each)) for each in source]
        chosen = [[stack.enter_context(chosen_series(path, None)) for path in case] for case in cases]
        yield [tuple(one.path for one in case) for case in chosen], [one for case in chosen for one in case]


def named(outcome: Outcome, chosen: Sequence[Chosen]) -> Outcome:
    """The outcome with the paths that the user gave."""
    for one in chosen:
        outcome = one.outcome(outcome)
    return outcome


def _choose(path: Path, wanted: str | None) -> Series:
    if not path.is_dir():
        raise UsageError(f"--series {wanted}", f"{path} is no folder and no zip", "leave it out")
    return choose(find_series(path), wanted, path)


def _is_deep(path: Path) -> bool:
    """Whether a folder holds no volume itself, but DICOM in folders below its folders."""
    return path.is_dir() and not is_volume(path) and not volumes_in(path) and bool(find_series(path))
