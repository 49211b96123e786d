"""Degradations in the words of the command line.

NAME:KEY=VALUE,KEY=VALUE       one degradation; a value is a number, a range such as 3..8, or a word
A@0.3                          A with a probability
A|B, A@0.3|B@0.2               one of several; with the probability that is left none
A&B                            a chain, as a choice among others
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medtrans.core.errors import UsageError

if TYPE_CHECKING:
    from medtrans.degradations._combinations import Step


def parse_step(text: str) -> Step:
    """Raises UsageError with the nearest known name."""
    from medtrans.degradations._combinations.chain import Chain
    from medtrans.degradations._combinations.one_of import OneOf

    choices, probabilities = zip(*[_choice(part, text) for part in text.split("|")], strict=True)
    given = tuple(one for one in probabilities if one is not None)
    if given and len(given) < len(choices):
        raise UsageError(f"--with {text}", "has choices with and without a probability", "give all or none of them")
    values: dict[str, Any] = {"probabilities": given} if len(choices) > 1 else {"probability": given[0] if given else 1}
    for key, value in values.items():
        if any(not 0 <= one <= 1 for one in (value if isinstance(value, tuple) else (value,))):
            raise UsageError(f"--with {text}", f"has no {key} from 0 to 1", "write for example motion@0.3")
    if len(choices) > 1:
        return OneOf(choices=choices, **values)
    return Chain(steps=choices, **values) if given else choices[0]


def _choice(text: str, whole: str) -> tuple[Step, float | None]:
    from medtrans.degradations._combinations.chain import Chain

    words, at, probability = text.partition("@")
    try:
        chance = float(probability) if at else None
    except ValueError:
        raise UsageError(f"--with {whole}", f"{probability!r} is no probability", "give a number from 0 to 1") from None
    steps = tuple(_degradation(part) for part in words.split("&"))
    return (steps[0] if len(steps) == 1 else Chain(steps=steps)), chance


def _degradation(text: str) -> Step:
    from medtrans import degradations

    name, _, rest = text.partition(":")
    values: dict[str, Any] = {}
    for pair in filter(None, rest.split(",")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--with {text}", f"{pair} is not KEY=VALUE", "write for example blur:millimetres=2")
        values[key.strip()] = _value(value.strip())
    return degradations.load(name.strip()).from_dict(values, name.strip())


def _value(text: str) -> Any:
    """A number, a range of two numbers, true or false, or a word."""
    low, dots, high = text.partition("..")
    try:
        return [_number(low), _number(high)] if dots else _number(text)
    except ValueError:
        return {"true": True, "false": False}.get(text.lower(), text)


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() else float(text)
