"""Patterns of files: `*` stands for a part of a name, `**` for any folders, {subject} and {session} for named parts.

| pattern | case |
|---|---|
| *_T1.nii.gz | the text at the star |
| */*_T1.nii.gz, sub-*/anat/sub-*_T1w.nii.gz | the texts at the stars, each once |
| {subject}/{session}/anat/*_T1w.nii.gz | the named parts; stars beside them stand for anything |

Files of two patterns belong together where these are equal. A named part that is there twice stands for one text.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from medtrans.core.errors import UsageError
from medtrans.reading.names import session_of, subject_of

TOKEN = re.compile(r"\*\*/|\*\*|\*|\{[^{}]*\}|\[[^\]]+\]|\?")
NAMED = ("subject", "session")
EXAMPLE = "for example '*_T1.nii.gz', '*/t1.nii.gz' or '{subject}/anat/{subject}_T1w.nii.gz'"


class Key(NamedTuple):
    """What the files of one case have in common."""

    subject: str
    """Empty where no part is named so."""
    session: str
    texts: tuple[str, ...]
    """At the stars, where no part is named."""

    @property
    def name(self) -> str:
        """Of the case."""
        parts = [self.subject, self.session] if self.subject else dict.fromkeys(self.texts)
        return "_".join(part for part in (text.strip("/").replace("/", "_") for text in parts) if part)

    def subject_of(self, expression: str) -> str:
        """The named subject, else that of the name."""
        return self.subject or subject_of(self.name, expression)

    def session_of(self) -> str:
        """The named session, else that of the name."""
        return self.session or session_of(self.name)


@dataclass(frozen=True)
class Pattern:
    """A pattern that is valid. Raises UsageError."""

    text: str

    def __post_init__(self) -> None:
        tokens, where = TOKEN.findall(self.text), f"pattern {self.text!r}"
        unknown = next((one for one in tokens if one[0] == "{" and one[1:-1] not in NAMED), None)
        if unknown:
            raise UsageError(where, f"has the unknown part {unknown}", "name {subject} or {session}")
        if not any(one[0] in "*{" for one in tokens):
            raise UsageError(where, "holds no * and no {subject}, so that it finds one file", EXAMPLE)
        if "{session}" in tokens and "{subject}" not in tokens:
            raise UsageError(where, "names {session} without {subject}", "name both, or neither")
        if any("**" in part and part != "**" for part in self.text.split("/")):
            raise UsageError(
                where, "has ** beside other text, but it stands for whole folders", "write '**/*_T1.nii.gz'"
            )
        if Path(self.text).is_absolute() or ".." in Path(self.text).parts:
            raise UsageError(where, "leads out of reading.root", "write it from reading.root on")

    @property
    def is_named(self) -> bool:
        """Whether it names the subject."""
        return "{subject}" in self.text

    def files(self, root: Path) -> dict[Key, Path]:
        """Each file, by what it has in common with others. Raises UsageError where two files have the same."""
        expression, found = self._expression(), dict[Key, Path]()
        for path in sorted(root.glob(re.sub(r"\{[^{}]*\}", "*", self.text))):
            match = expression.fullmatch(path.relative_to(root).as_posix())
            if match is None:
                continue  # A named part stands for two texts.
            named = match.groupdict()
            texts = () if self.is_named else self._texts(match)
            key = Key(named.get("subject", ""), named.get("session", ""), texts)
            if key in found:
                what = f"finds two files for the case {key.name}: {found[key]} and {path}"
                raise UsageError(
                    f"pattern {self.text!r}", what, "name {subject} and {session}, or write less with stars"
                )
            found[key] = path
        return found

    def _expression(self) -> re.Pattern[str]:
        parts, end, seen = list[str](), 0, set[str]()
        for token in TOKEN.finditer(self.text):
            parts += [re.escape(self.text[end : token.start()]), self._group(token[0], seen)]
            end = token.end()
        return re.compile("".join([*parts, re.escape(self.text[end:])]))

    def _group(self, token: str, seen: set[str]) -> str:
        if token[0] == "{":
            name, again = token[1:-1], token in seen
            seen.add(token)
            return f"(?P={name})" if again else f"(?P<{name}>[^/]+)"
        if token[0] == "*":
            return {"*": "([^/]*)", "**/": "((?:[^/]+/)*)"}.get(token, "(.*)")
        return fnmatch.translate(token).removeprefix("(?s:").removesuffix(r")\Z")

    def _texts(self, match: re.Match[str]) -> tuple[str, ...]:
        """At the stars; of several also the entities sub- and ses- of BIDS before them."""
        if match.re.groups == 1:
            return (match[1],)
        before = (match.string[: match.start(number)] for number in range(1, match.re.groups + 1))
        entities = (re.search(r"(?:^|[/_])((?:sub|ses)-)$", text) for text in before)
        return tuple(
            (entity[1] if entity else "") + text for entity, text in zip(entities, match.groups(), strict=True)
        )


def is_pattern(path: Path) -> bool:
    """Whether a path has parts that stand for others, and is no file or folder of that very name."""
    return bool(TOKEN.search(str(path))) and not path.exists()


def files_by_case(path: Path) -> dict[str, Path]:
    """Case → its file, of a path that is a pattern: "made/{subject}_ct.mha". Raises UsageError."""
    start = next(number for number, part in enumerate(path.parts) if TOKEN.search(part))
    found = Pattern("/".join(path.parts[start:])).files(Path(*path.parts[:start]))
    return {key.name: file for key, file in found.items()}


def refuse_mixed(patterns: Sequence[Pattern]) -> None:
    """Raises UsageError where some patterns name the subject and others do not: no file of theirs would match."""
    for one in patterns:
        if one.is_named != patterns[0].is_named:
            what = f"names {'no' if patterns[0].is_named else 'a'} {{subject}}, other than {patterns[0].text!r}"
            raise UsageError(f"pattern {one.text!r}", what, "name the same parts in every pattern")
