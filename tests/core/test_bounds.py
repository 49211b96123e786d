from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le, Lt, MinLen

from medtrans.core.bounds import refuse_invalid
from medtrans.core.errors import UsageError

Share = Annotated[float, Ge(0), Le(1)]
Levels = Annotated[tuple[Annotated[int, Ge(1)], ...], MinLen(2)]


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, int),
        (1, float),
        (None, float | None),
        (0.5, Share),
        ((4, 8), Levels),
        ("a", Literal["a", "b"]),
        (Path("x"), Path | None),
        ({"a": 1}, dict[str, Any]),
        ((1.0, 2.0), tuple[float, float]),
        (True, bool),
    ],
)
def test_a_value_within_its_bounds_passes(value, hint):
    refuse_invalid(value, hint, "x")


@pytest.mark.parametrize(
    ("value", "hint", "advice"),
    [
        (1.0, int, "give a whole number"),
        (True, int, "give a whole number"),
        (float("inf"), float, "finite"),
        (10**30, int, "finite number of usual size"),
        (-0.1, Share, "give at least 0"),
        (1.1, Share, "give at most 1"),
        (0, Annotated[float, Gt(0)], "give more than 0"),
        (1, Annotated[float, Lt(1)], "give less than 1"),
        (0, Annotated[float, Gt(0)] | None, "give more than 0"),
        ((4,), Levels, "give at least 2 values"),
        ((4, 0), Levels, r"x\[1\]: .*give at least 1"),
        ((1,) * 65, Levels, "give at most 64"),
        ([1, 2], tuple[int, ...], "give a list"),
        ((1.0,), tuple[float, float], "give a list of 2 values"),
        ("c", Literal["a", "b"], "choose from: a, b"),
        (1, Literal["1"], "did you mean '1'"),
        (1, str, "give text"),
        ("x", Path, "give a path"),
        ("yes", bool, "true or false"),
        (3, dict[str, Any], "a table"),
    ],
)
def test_a_value_beyond_its_bounds_is_refused_with_advice(value, hint, advice):
    with pytest.raises(UsageError, match=advice):
        refuse_invalid(value, hint, "x")


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(UsageError) as refused:
        refuse_invalid("x" * 10**6, int, "x")
    assert len(str(refused.value)) < 200
