"""Mistakes of a recipe, collected and told in one answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from medtrans.core.errors import UsageError


class SeveralMistakes(UsageError):
    """Several mistakes of one recipe; where, what and advice are those of the first."""

    def __init__(self, mistakes: Sequence[UsageError]) -> None:
        first = mistakes[0]
        super().__init__(first.where, first.what, first.advice, first.code)
        self.mistakes = tuple(mistakes)
        self.args = (" | ".join(map(str, mistakes)),)

    def __reduce__(self) -> tuple[type[SeveralMistakes], tuple[Sequence[UsageError]]]:  # type: ignore[override]
        return type(self), (self.mistakes,)


class Mistakes:
    """Collects the mistakes of checks that do not depend on each other, each once."""

    def __init__(self, *found: UsageError) -> None:
        self.found: dict[str, UsageError] = {}
        for mistake in found:
            self.add(mistake)

    def __bool__(self) -> bool:
        return bool(self.found)

    @property
    def places(self) -> set[str]:
        """Where the mistakes are."""
        return {mistake.where for mistake in self.found.values()}

    def add(self, mistake: UsageError) -> None:
        """Add one, or each of several."""
        for one in mistake.mistakes if isinstance(mistake, SeveralMistakes) else (mistake,):
            self.found.setdefault(str(one), one)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """A UsageError inside is added and goes no further."""
        try:
            yield
        except UsageError as reason:
            self.add(reason)

    def together(self) -> UsageError:
        """The only mistake, or all as one error."""
        found = list(self.found.values())
        return found[0] if len(found) == 1 else SeveralMistakes(found)

    def refuse(self) -> None:
        """Raises UsageError where there is a mistake."""
        if self.found:
            raise self.together()
