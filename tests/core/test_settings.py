from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest
from annotated_types import Ge

from medtrans.core.errors import UsageError
from medtrans.core.settings import Settings, did_you_mean


@dataclass(frozen=True, kw_only=True)
class Round(Settings):
    name: Literal["round"] = "round"
    radius: Annotated[float, Ge(0)] = 1.0


@dataclass(frozen=True, kw_only=True)
class Square(Settings):
    name: Literal["square"] = "square"
    sides: tuple[int, ...] = (2, 2)


@dataclass(frozen=True, kw_only=True)
class Drawing(Settings):
    shape: Round | Square = Square()
    folder: Path | None = None


def test_to_dict_and_from_dict_are_inverse():
    drawing = Drawing(shape=Round(radius=2.5), folder=Path("a/b"))
    assert Drawing.from_dict(drawing.to_dict()) == drawing
    assert Drawing.from_dict(Drawing().to_dict()) == Drawing()


def test_a_table_without_a_name_is_of_the_defaults_kind():
    assert Drawing.from_dict({"shape": {"sides": [3]}}).shape == Square(sides=(3,))


def test_an_unknown_key_suggests_the_right_one():
    with pytest.raises(UsageError, match=r"settings\.shape.*'radios'.*did you mean 'radius'"):
        Drawing.from_dict({"shape": {"name": "round", "radios": 3}})


def test_an_unknown_name_suggests_the_right_one():
    with pytest.raises(UsageError, match="did you mean 'square'"):
        Drawing.from_dict({"shape": {"name": "sqare"}})


def test_a_word_like_no_other_lists_them_all():
    assert did_you_mean("zzz", ["b", "a"]) == "choose from: a, b"
