import pytest
import typer

from medtrans.cli.options import numbers, part_of


def test_numbers_are_read_by_name():
    assert numbers(["a=1", " b = 2.5"]) == {"a": 1.0, "b": 2.5}
    for wrong in (["a"], ["a=x"], ["a=1", "a=2"]):
        with pytest.raises(typer.BadParameter):
            numbers(wrong)


def test_a_part_is_given_or_that_of_a_slurm_array(monkeypatch):
    for name in ("COUNT", "MIN", "ID"):
        monkeypatch.delenv(f"SLURM_ARRAY_TASK_{name}", raising=False)
    assert part_of(None, None) == (0, 1)
    assert part_of(1, 3) == (1, 3)
    for name, value in (("COUNT", "2"), ("MIN", "6"), ("ID", "7")):
        monkeypatch.setenv(f"SLURM_ARRAY_TASK_{name}", value)
    assert part_of(None, None) == (1, 2)
    with pytest.raises(typer.BadParameter, match="not among the 2 parts"):
        part_of(2, None)
