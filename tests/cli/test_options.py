import pytest
import typer

from medtrans.cli.options import numbers


def test_numbers_are_read_by_name():
    assert numbers(["a=1", " b = 2.5"]) == {"a": 1.0, "b": 2.5}
    for wrong in (["a"], ["a=x"], ["a=1", "a=2"]):
        with pytest.raises(typer.BadParameter):
            numbers(wrong)
