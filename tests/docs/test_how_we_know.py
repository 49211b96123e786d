"""The page "How we know that the numbers are right" holds what its command measures."""

import importlib
import inspect
from pathlib import Path
from pkgutil import iter_modules

import pytest

from medtrans import metrics
from medtrans.evaluating import statistics
from medtrans.metrics import distribution, operator, uncertainty
from tests.conformance.page import read
from tests.conformance.test_conformance import ROWS


def test_the_page_has_every_row_of_the_command_and_no_other():
    assert [line[:2] for line in read()] == [(one.measure, one.against) for one in ROWS if not is_missing(one)]


def test_every_difference_on_the_page_is_within_what_is_accepted():
    accepted = {(one.measure, one.against): one for one in ROWS}
    for measure, against, difference, bound, n in read():
        one = accepted[measure, against]
        assert bound == one.bound
        assert float(difference) <= one.within
        assert int(n) > 0


ROW_FILES = "".join(path.read_text() for path in (Path(__file__).parents[1] / "conformance").glob("*_rows.py"))


@pytest.mark.parametrize("family", [metrics, distribution, uncertainty, operator], ids=lambda family: family.__name__)
def test_every_metric_has_a_row(family):
    folder = "image" if family is metrics else family.__name__.rpartition(".")[2]
    assert not [name for name in family.names() if f"medtrans.metrics.{folder}.{name} import" not in ROW_FILES]


STEPS = {"around", "bootstrapped", "by_subject", "holm"}
"""Parts of other functions, which have a row."""


def test_every_statistic_has_a_row():
    modules = [
        importlib.import_module(found.name) for found in iter_modules(statistics.__path__, f"{statistics.__name__}.")
    ]
    functions = {
        name
        for module in modules
        for name, one in vars(module).items()
        if inspect.isfunction(one) and one.__module__ == module.__name__ and not name.startswith("_")
    }
    assert len(functions - STEPS) > 9
    assert not {name for name in functions - STEPS if f"{name}(" not in ROW_FILES}


def is_missing(one):
    """Whether a row has a source that was not installed when the page was written: it is not on the page."""
    return one.requires == "statsmodels" and not any("statsmodels" in line[1] for line in read())
