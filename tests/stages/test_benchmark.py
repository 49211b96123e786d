import pytest

from medtrans.core.errors import UsageError
from medtrans.stages.benchmark import BENCHMARKS, benchmark


def test_an_unknown_part_is_refused_before_anything_is_measured():
    with pytest.raises(UsageError, match="did you mean 'translate'"):
        list(benchmark(["translat"]))


def test_a_small_part_prints_the_machine_and_its_line():
    machine, line = benchmark(["help"])
    assert "processors, torch " in machine
    assert line.startswith("medtrans --help: ")


def test_every_part_says_what_it_measures():
    assert all(measure.__doc__ for measure in BENCHMARKS.values())
