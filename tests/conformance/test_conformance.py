"""Every measure and statistic beside an independent source: `python -m pytest -m conformance`."""

import importlib
from pathlib import Path

import pytest

from tests.conformance.rows import ROWS, compare

for _file in sorted(Path(__file__).parent.glob("*_rows.py")):
    importlib.import_module(f"tests.conformance.{_file.stem}")


@pytest.mark.conformance
@pytest.mark.parametrize("one", ROWS, ids=lambda one: f"{one.measure} - {one.against}"[:60])
def test_a_measure_agrees_with_an_independent_source(one, record_property):
    found = compare(one)
    difference = f"{found.difference:.0e}" if found.difference else "0"
    record_property("conformance", (one.measure, one.against, difference, one.bound, str(found.n)))
    assert found.difference <= one.within
